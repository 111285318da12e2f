/* Knows what the lab host offers a client in the way of RDP's security and capabilities. */
#include "labhost/connection.h"

#include <freerdp/crypto/certificate.h>
#include <freerdp/crypto/privatekey.h>

/* The settings own the key and the certificate afterwards. */
static bool set_certificate(rdpSettings *settings, const struct certificate *certificate)
{
	rdpPrivateKey *key = freerdp_key_new_from_pem(certificate->key_pem);
	rdpCertificate *own = freerdp_certificate_new_from_pem(certificate->certificate_pem);

	if (!key || !freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerRsaKey, key, 1)) {
		freerdp_key_free(key);
		freerdp_certificate_free(own);
		return false;
	}
	if (!own ||
	    !freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerCertificate, own, 1)) {
		freerdp_certificate_free(own);
		return false;
	}
	return true;
}

static bool set_offers(rdpSettings *settings, bool nla)
{
	return freerdp_settings_set_bool(settings, FreeRDP_RdpSecurity, FALSE) &&
	       freerdp_settings_set_bool(settings, FreeRDP_TlsSecurity, !nla) &&
	       freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, nla) &&
	       /* Looking for a Kerberos realm costs half a second where there is none. */
	       freerdp_settings_set_string(
	           settings, FreeRDP_AuthenticationPackageList, "ntlm,!kerberos") &&
	       /* Nothing is ever drawn: 15 MB less for each connection. */
	       freerdp_settings_set_bool(settings, FreeRDP_DeactivateClientDecoding, TRUE) &&
	       /* Stays set only if the client can take a Set Error Info PDU as well. */
	       freerdp_settings_set_bool(settings, FreeRDP_SupportErrorInfoPdu, TRUE) &&
	       freerdp_settings_set_uint32(settings, FreeRDP_ColorDepth, 32) &&
	       freerdp_settings_set_bool(settings, FreeRDP_SuppressOutput, TRUE) &&
	       freerdp_settings_set_bool(settings, FreeRDP_RefreshRect, TRUE);
}

rdpSettings *rdp_settings_create(
    const struct certificate *certificate, const struct connection_options *options)
{
	rdpSettings *settings = freerdp_settings_new(FREERDP_SETTINGS_SERVER_MODE);

	if (settings && set_certificate(settings, certificate) &&
	    set_offers(settings, options->security == SECURITY_NLA))
		return settings;
	freerdp_settings_free(settings);
	return NULL;
}
