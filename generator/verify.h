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
    bool ready, started, done; /* emitted; running; ran to its end */
    int status;                /* exit code of what failed so far: 0, 1, 2 */
    VEC(const char *) fault;   /* what must not be, but for differences of steps and outputs */
    bool ran[TARGET_COUNT];
};

/* Prints what came of each model, and counts of them if there are several; sets the status of those
 * that differ. */
void verify_report(struct pool *, struct model *, int models, int threads);

#endif
