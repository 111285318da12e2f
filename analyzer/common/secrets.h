/* A program that knows passwords. */
#ifndef LEAKLAB_SECRETS_H
#define LEAKLAB_SECRETS_H

/* From now on no core dump is made of this process, and no other one of the same user looks into its memory (prctl(2), PR_SET_DUMPABLE; execve(2)
 * ends it). Sanitizers must look into it: with one, only cores are off. */
void secrets_hide(void);

#endif
