/* Knows where WinPR takes the computer's name from that NTLM's CHALLENGE tells (MsvAvNbComputerName, MS-NLMP 2.2.2.1): gethostname(), in 3.10
 * by way of GetComputerNameExA(). This one stands before the C library's, which would tell the name of the machine that the lab
 * host runs on. */
#include "labhost/serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *computer_name = "LABHOST"; /* set before the first thread */

void computer_name_set(const char *name)
{
	computer_name = name;
}

int gethostname(char *name, size_t size)
{
	if (strlen(computer_name) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name, computer_name);
	return 0;
}
