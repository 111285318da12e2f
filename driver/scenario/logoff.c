/* Knows the ways of logging off, and what is typed for them. */
#include "driver/scenario/scenario.h"

#include "driver/scenario/keys.h"

const char *const logoff_method_words[LOGOFF_METHOD_COUNT] = {[LOGOFF_AUTO] = "auto",
    [LOGOFF_SHELL_EXIT] = "shell-exit",
    [LOGOFF_KEYS] = "keys",
    [LOGOFF_COMMAND] = "command",
    [LOGOFF_DISCONNECT] = "disconnect",
    [LOGOFF_DROP] = "drop"};

const char *const logoff_way_words[LOGOFF_WAY_COUNT] = {[LOGOFF_WAY_NONE] = "",
    [LOGOFF_WAY_KEYS] = "keys",
    [LOGOFF_WAY_SECURITY_KEYS] = "security-keys",
    [LOGOFF_WAY_COMMAND] = "command"};

const char *logoff_way_keys(enum logoff_way way)
{
	static const char *const keys[LOGOFF_WAY_COUNT] = {
	    [LOGOFF_WAY_KEYS] = KEYS_LOGOFF, [LOGOFF_WAY_SECURITY_KEYS] = KEYS_SIGN_OUT};

	return keys[way];
}
