/* emit_instances.h: the kernels' functions: one for each kernel with its arguments on each target,
 * which all steps that need just this share. */
#ifndef CNNGEN_EMIT_INSTANCES_H
#define CNNGEN_EMIT_INSTANCES_H

#include "emitter.h"

/* Gathers those of all steps on all targets; each belongs to the target whose code it is. */
void instances_find(struct emitter *);

/* The step's on the target of the binding. NULL: not gathered. */
struct instance *instance_of(struct emitter *, const struct step *, const struct binding *);

/* Its text; sets its stack. */
void instance_write(struct emitter *, struct instance *, struct out *);

/* Whether the target has any: the steps of few channels are those of shorter vectors. */
bool instances_exist(const struct emitter *, const struct target *);

/* Whether one of the target's calls more than cnn_vec_*.h has: functions such as exp and tanh. */
bool instances_need_math(const struct emitter *, const struct target *);

#endif
