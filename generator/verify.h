/* verify.h: what the parts of the verify command share. */
#ifndef CNNGEN_VERIFY_H
#define CNNGEN_VERIFY_H

#include "images.h"
#include "session.h"
#include "verify_check.h"

/* One specification on its way through. */
struct model {
    struct options options;    /* the command's, for this specification */
    struct session session;
    struct images images;
    struct check check;
    bool ready;                /* emitted and compiled */
    int status;                /* exit code of what failed so far: 0, 1, 2 */

    /* Of one round: a run of every model with one kind of inputs. */
    enum fill fill;
    bool started, done;        /* running; ran to its end */
    VEC(const char *) fault;   /* what must not be, but for differences of steps and outputs */
    bool ran[TARGET_COUNT];
};

/* Prints what came of each model in a round, and sets the status of those that differ. How many of
 * them are all right. */
int verify_report(struct pool *, struct model *, int models, int threads);

#endif
