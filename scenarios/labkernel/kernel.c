/* A lab kernel: what leaklab dump looks for in a kernel's image, and no code that does anything. Its PDB has the types
 * of layouts.txt. Compiled for Windows by clang, linked by lld-link; never run. */
#define KEPT __attribute__((used, noinline))

struct _LIST_ENTRY PsLoadedModuleList = {&PsLoadedModuleList, &PsLoadedModuleList};
struct _LIST_ENTRY PsActiveProcessHead = {&PsActiveProcessHead, &PsActiveProcessHead};
unsigned char KdDebuggerDataBlock[0x380] = {1};
void *SepLogonSessions = &SepLogonSessions;
void *SeTokenObjectType = &SeTokenObjectType;
unsigned int SeTokenDoesNotTrackSessionObject = 0;
void *MmUnloadedDrivers = &MmUnloadedDrivers;
void *PsProcessType = &PsProcessType;
void *PsThreadType = &PsThreadType;
#ifndef LAB_WITHOUT_TRACKING
unsigned int SeTokenLeakTracking = 0;
unsigned char ObHeaderCookie = 1;
#endif
#ifdef LAB_WITH_MISTATE
struct _MI_SYSTEM_INFORMATION MiState;
#endif

/* Functions for creation stacks to lie in. */
KEPT void *NtDuplicateToken(void *token)
{
	return (char *)token + 1;
}

KEPT void *SepDuplicateToken(void *token)
{
	return (char *)NtDuplicateToken(token) + 2;
}

KEPT void *SepCreateToken(void *token)
{
	return (char *)token + 3;
}

KEPT void *NtFilterToken(void *token)
{
	return (char *)SepCreateToken(token) + 4;
}

KEPT void *KiSystemServiceCopyEnd(void *token)
{
	return (char *)token + 5;
}

void *KiSystemStartup(void)
{
	return SepDuplicateToken(NtFilterToken(KiSystemServiceCopyEnd(SepLogonSessions)));
}
