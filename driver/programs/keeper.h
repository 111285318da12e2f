/* A process above a command, which ends all that the command has started. Inside of this room. */
#ifndef LEAKLAB_KEEPER_H
#define LEAKLAB_KEEPER_H

/* Between fork and exec: returns in a child, which is to become the command. The caller becomes its keeper and never returns: it ends with
 * the command's exit code (128 + signal), once the command has ended, or at a SIGTERM, and all that it had started is ended. */
void keeper_split(void);

#endif
