"""Where Kerberos may be used, and its KDC says nothing."""
import socket

import leaklab
import tap


class Kdc(leaklab.Case):
    def mute_kdc(self):
        """A krb5.conf whose KDC takes questions and answers none, and what it was asked."""
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(datagrams.close)
        datagrams.bind(("127.0.0.1", 0))
        datagrams.setblocking(False)
        port = datagrams.getsockname()[1]
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        configuration = self.write("krb5.conf", "[libdefaults]\ndefault_realm = LAB\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
                                                f"[realms]\nLAB = {{\nkdc = 127.0.0.1:{port}\n}}\n")
        return {"KRB5_CONFIG": str(configuration)}, datagrams

    def test_kdc_that_stalls_is_told_from_a_host_that_does(self):
        """FreeRDP waits for a KDC for most of a minute, and cannot be stopped: the TIMEOUT says where it went by, and what to do without it"""
        lab = self.lab()
        environment, asked = self.mute_kdc()
        self.drive(self.scenario(lab, host={"auth_packages": None}, connect={"timeout": "2s"}), env=environment, timeout=200)
        self.assertGreater(len(asked.recv(4096)), 0)
        [(result, phase, code, message)] = self.query("select result, failed_phase, code, message from cycles")
        self.assertEqual((result, phase, code), ("failed", "nla", "TIMEOUT"))
        self.assertRegex(message, r"no nla within 2 s \(\d+\.\d s passed\); \d+\.\d s of it this machine's own authentication took: a Kerberos KDC")
        self.assertEqual(self.query("select kind from events where kind in ('worker-lost', 'account-stopped')"), [])
        self.run_file.unlink()
        self.drive(self.scenario(lab), env=environment)  # ntlm,!kerberos
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])


if __name__ == "__main__":
    tap.main()
