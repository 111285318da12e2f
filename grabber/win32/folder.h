/* Who may write to the folder that the program lies in. */
#ifndef LEAKLAB_GRABBER_WIN32_FOLDER_H
#define LEAKLAB_GRABBER_WIN32_FOLDER_H

#include <stdbool.h>

#include <windows.h>

/* Whether ordinary users may put something beside the program, by the folder's rights or as its owner: Windows looks there
 * first for DLLs, which a service would then run as LocalSystem. Gives the folder's name. Returns 0 or an error. */
DWORD folder_is_open(wchar_t path[MAX_PATH], bool *open);

#endif
