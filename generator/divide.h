/* divide.h: how the work of steps divides among threads.
 *
 * A step is units of work, fixed by its binding; a thread takes a range of neighbouring units, all in
 * proportion. Among how many threads a step is divided follows from its predicted time: more threads
 * share it, but all of them wait for the last. Threads meet before a step that touches what another
 * thread may still write or read, and nowhere else. */
#ifndef CNNGEN_DIVIDE_H
#define CNNGEN_DIVIDE_H

#include "plan.h"

/* Fills parts and meet of all steps; offsets of buffers are final. */
void divide_work(struct plan *);

/* The largest share of the work over the mean, on so many threads (those that the step is worth). */
double divide_evenness(const struct step *, const struct binding *, int threads);

#endif
