/* How the lab host treats those who connect, as its command line says. */
#ifndef LEAKLAB_LABHOST_CONNECTION_OPTIONS_H
#define LEAKLAB_LABHOST_CONNECTION_OPTIONS_H

#include "labhost/fault.h"

enum security { SECURITY_NLA, SECURITY_TLS };
enum logon_info_kind { LOGON_INFO_LONG, LOGON_INFO_EXTENDED, LOGON_INFO_NONE };

struct connection_options {
	enum security security;
	enum logon_info_kind logon_info;
	struct fault fault;
	int64_t logoff_time; /* microseconds that a logoff command takes */
};

#endif
