/* divide.h: how the work of steps divides among threads.
 *
 * A step is units of work, fixed by its binding; a thread takes a range of neighbouring units, all in
 * proportion. Among how many threads a step is divided follows from its predicted time: more threads share it,
 * but all of them wait for the last. Or from the run's, where that is predicted to be faster: small steps then
 * go along with their neighbours, so that less crosses from core to core. Threads meet before a step that
 * touches what another thread may still write or read, and nowhere else. How many threads a run is worth, or
 * that it is worth but one, follows from all steps: what they gain against the price of the region, of each
 * meeting, which grows with the threads, and of the data that crosses. All of this for each target by itself:
 * what one thread of AVX-512 does in no time may be worth two of AVX2. */
#ifndef CNNGEN_DIVIDE_H
#define CNNGEN_DIVIDE_H

#include "plan.h"

/* Fills parts of all bindings and meet of all steps; offsets of buffers are final. */
void divide_work(struct plan *);

/* Threads among which dividing the step pays, on the one of these targets (TARGET_BITs) where it is worth most. */
int divide_parts(const struct step *, unsigned targets);

/* Threads that a run may use on these targets: what the step that is worth most of them is divided among. */
int divide_most_parts(const struct plan *, unsigned targets);

/* No step starts while another thread may be at one that it depends on: bug(). */
void divide_check(const struct plan *);

/* How a step counts its units by images: those of the first k are the first ceil(k * of / per) * times, at most all.
 * Of units that go image by image, units / batch, 1 and 1. */
struct crossing divide_crossing(const struct binding *, int batch);
int divide_units(const struct binding *, int batch, int images);

/* The largest share over the mean when so many threads divide the units. */
double divide_evenness(int units, const struct load *, int threads);

/* For the choice of tiles: 1, or more where a step of so many cycles divides unevenly among the
 * threads that it is worth. */
double divide_penalty(double cycles, int units, const struct load *);

/* For kernels whose rows are tiles side by side: into how many units each row is cut, so that there
 * are enough of them for 16 threads, or those that a step of so many cycles is worth. Uncut rows are
 * `rows` units. */
int divide_row(double cycles, int64_t rows, int tiles);

#endif
