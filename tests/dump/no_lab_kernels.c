/* no-lab-kernels crash: the verb of a lab host that was built without lab kernels. */
#include "labhost/labhost.h"

int main(int argc, char **argv)
{
	return labhost_crash(argc - 1, argv + 1);
}
