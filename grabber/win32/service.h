/* The grabber as a Windows service, which runs as LocalSystem. */
#ifndef LEAKLAB_GRABBER_WIN32_SERVICE_H
#define LEAKLAB_GRABBER_WIN32_SERVICE_H

#include <wchar.h>

#include "grabber/options.h"

/* How to make a folder where nobody but administrators can put a DLL beside the service's program. */
#define SERVICE_FOLDER                                                                             \
	"  mkdir C:\\leaklab\n"                                                                    \
	"  icacls C:\\leaklab /inheritance:r "                                                     \
	"/grant:r \"*S-1-5-32-544:(OI)(CI)F\" \"*S-1-5-18:(OI)(CI)F\"\n"

/* All return an exit code and print what is to be said. */

/* Installs the service, to be run with the arguments (their count and they: those behind --install-service), and starts
 * it; unless ordinary users may write to the program's folder. */
int service_install(int argc, wchar_t **argv);
/* Stops and uninstalls it. */
int service_uninstall(void);
/* What the service manager starts; messages go to a log file beside the program. */
int service_run(const struct options *options);

#endif
