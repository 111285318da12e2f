/* The standard streams, where whoever starts a program has closed some. */
#ifndef LEAKLAB_STREAMS_H
#define LEAKLAB_STREAMS_H

/* Takes the places of those that are closed, so that no file that is opened later gets what is printed; printing there fails as before.
 * First of all in main(). */
void streams_hold(void);

#endif
