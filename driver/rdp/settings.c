/* Knows which of FreeRDP's settings make a session small, silent and able to prove its logoff. */
#include "driver/rdp/connection.h"
#include "driver/rdp/shell.h"

#include <stdio.h>
#include <string.h>

#include <freerdp/settings.h>

#define ACK_TIMEOUT_LEAST 9000 /* milliseconds: the library's own */

static bool set_text(rdpSettings *settings, FreeRDP_Settings_Keys_String key, const char *text)
{
	return freerdp_settings_set_string(settings, key, text);
}

static bool set_identity(rdpSettings *s, const struct setup *setup, const struct order *order)
{
	char client_name[32], shell[SHELL_TEXT];

	/* One stable name a slot: a name that changes per logon eats RDS CALs. */
	snprintf(client_name, sizeof(client_name), "%.10s-%u", setup->client_name, order->slot);
	shell_command(setup, order, shell);
	return set_text(s, FreeRDP_ServerHostname, setup->host) &&
	       freerdp_settings_set_uint32(s, FreeRDP_ServerPort, setup->port) &&
	       set_text(s, FreeRDP_Username, order->user) &&
	       set_text(s, FreeRDP_Password, order->password) &&
	       (order->domain[0] == '\0' || set_text(s, FreeRDP_Domain, order->domain)) &&
	       (setup->auth_packages[0] == '\0' ||
	           set_text(s, FreeRDP_AuthenticationPackageList, setup->auth_packages)) &&
	       (setup->load_balance_info[0] == '\0' ||
	           freerdp_settings_set_pointer_len(s, FreeRDP_LoadBalanceInfo,
	               setup->load_balance_info, strlen(setup->load_balance_info))) &&
	       (setup->licences[0] == '\0' || set_text(s, FreeRDP_ConfigPath, setup->licences)) &&
	       (shell[0] == '\0' || set_text(s, FreeRDP_AlternateShell, shell)) &&
	       set_text(s, FreeRDP_ClientHostname, client_name);
}

/* As little as a session needs: no channels, no graphics, no decoding: 0.5 MB, one thread, ten descriptors. */
static bool set_settings(rdpSettings *s, const struct setup *setup)
{
	static const struct {
		FreeRDP_Settings_Keys_Bool key;
		BOOL value;
	} switches[] = {
	    {FreeRDP_RdpSecurity, FALSE},
	    {FreeRDP_AutoLogonEnabled, TRUE},
	    {FreeRDP_ExternalCertificateManagement, TRUE},
	    {FreeRDP_DeactivateClientDecoding, TRUE},
	    {FreeRDP_SupportGraphicsPipeline, FALSE},
	    {FreeRDP_RemoteFxCodec, FALSE},
	    {FreeRDP_NSCodec, FALSE},
	    {FreeRDP_BitmapCacheEnabled, FALSE},
	    {FreeRDP_CompressionEnabled, FALSE},
	    {FreeRDP_SupportMultitransport, FALSE},
	    {FreeRDP_AutoReconnectionEnabled, FALSE},
	    {FreeRDP_LogonNotify, TRUE},
	    /* Without this the library makes a "logoff by user" of its own out of every orderly end. */
	    {FreeRDP_SupportErrorInfoPdu, TRUE},
	};
	/* A US keyboard: without a layout, keys that are sent mean nothing to the host. */
	const struct {
		FreeRDP_Settings_Keys_UInt32 key;
		UINT32 value;
	} numbers[] = {
	    {FreeRDP_DesktopWidth, 800},
	    {FreeRDP_DesktopHeight, 600},
	    {FreeRDP_ColorDepth, 16},
	    {FreeRDP_OffscreenSupportLevel, 0},
	    {FreeRDP_GlyphSupportLevel, GLYPH_SUPPORT_NONE},
	    {FreeRDP_KeyboardLayout, 0x409},
	    {FreeRDP_KeyboardType, 4},
	    {FreeRDP_KeyboardFunctionKey, 12},
	    {FreeRDP_TcpConnectTimeout, (UINT32)(setup->connect_timeout / 1000)},
	    /* From the TCP connection on, too (rdp_client_wait_for_activation() of 3.10): ours comes first. */
	    {FreeRDP_TcpAckTimeout, (UINT32)(setup->connect_timeout / 1000) + ACK_TIMEOUT_LEAST},
	};
	const bool nla = setup->security == SECURITY_NLA;
	BYTE *orders = freerdp_settings_get_pointer_writable(s, FreeRDP_OrderSupport);

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (!freerdp_settings_set_bool(s, switches[i].key, switches[i].value))
			return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!freerdp_settings_set_uint32(s, numbers[i].key, numbers[i].value))
			return false;
	if (orders)
		memset(orders, 0, 32); /* MS-RDPBCGR 2.2.7.1.3 orderSupport */
	return freerdp_settings_set_bool(s, FreeRDP_NlaSecurity, nla) &&
	       freerdp_settings_set_bool(s, FreeRDP_TlsSecurity, !nla);
}

bool rdp_settings_fill(rdpSettings *settings, const struct setup *setup, const struct order *order)
{
	return set_settings(settings, setup) && set_identity(settings, setup, order);
}
