/* How far the emitted code's functions may be from those of activation.c: how much a function
 * changes within the error of its argument, and the error of the runtime's helper. */
#include "activation.h"

#include <float.h>
#include <math.h>

#define PI 3.14159265358979323846

/* Where a function may turn: between these points all are monotonous. The minimum of those that dip
 * below zero is flat, so that its place need not be exact. Of a wave those two matter that come
 * first behind x - e. */
static int turning_points(const struct activation *a, double x, double e, double at[6])
{
    static const double minimum[ACT_COUNT] = {
        [ACT_GELU] = -0.7517915246935645, [ACT_GELU_TANH] = -0.7524614220710163,
        [ACT_SILU] = -1.2784645427610737, [ACT_HARD_SILU] = -1.5, [ACT_MISH] = -1.1924312145154907,
    };
    int n = 0;

    at[n++] = 0;
    at[n++] = minimum[a->kind];
    if (a->kind == ACT_SIN || a->kind == ACT_COS) {
        double before = a->kind == ACT_SIN ? 0.5 : 0;
        double first = ceil((x - e) / PI - before) + before;

        at[n++] = first * PI;
        at[n++] = (first + 1) * PI;
    }
    if (a->kind == ACT_THRESHOLDED_RELU) {
        at[n++] = (double)a->arg[0];
        at[n++] = nextafter((double)a->arg[0], INFINITY);
    }
    if (a->kind == ACT_RELU_FULL) {
        at[n++] = (double)a->arg[1];
        at[n++] = (double)a->arg[2];
        at[n++] = nextafter((double)a->arg[2], INFINITY);
    }
    return n;
}

static bool meets_pole(const struct activation *a, double x, double e)
{
    return a->kind == ACT_TAN && floor((x - e) / PI - 0.5) < floor((x + e) / PI - 0.5);
}

/* How far f(at) is from fx: infinitely, if one of both is NaN or infinite. */
static double distance(const struct activation *a, double at, double fx)
{
    double d = fabs(act_eval(a, at) - fx);

    return isnan(d) ? INFINITY : d;
}

/* The most that f changes within e of x. */
static double change(const struct activation *a, double x, double e)
{
    double fx = act_eval(a, x);
    double most = fmax(distance(a, x + e, fx), distance(a, x - e, fx));
    double at[6];
    int n = turning_points(a, x, e, at);

    if (meets_pole(a, x, e))
        return INFINITY;
    for (int i = 0; i < n; i++)
        if (fabs(at[i] - x) <= e)
            most = fmax(most, distance(a, at[i], fx));
    return most;
}

/* Whether an argument that is a little off may make a number of a y that is none, as beside the
 * poles and the ends of where a function is defined. */
static bool may_be_finite(const struct activation *a, double x, double e)
{
    return isfinite(x) && e > 0 && !isnan(x) &&
           (isfinite(act_eval(a, x - e)) || isfinite(act_eval(a, x + e)));
}

/* The unit in the last place of single precision at |y|. */
static double ulp(double y)
{
    int exponent;

    frexp(y, &exponent);
    return y > 0 && exponent > -125 ? ldexp(1, exponent - 24) : 0x1p-149;
}

/* An argument beyond FLT_MAX arrives as an infinity: does that make one of a result in range? */
static bool may_turn_infinite(const struct activation *a, double x, double e)
{
    bool large = isfinite(x) && fabs(x) + e > (double)FLT_MAX;

    return large && !isfinite(act_eval(a, copysign(INFINITY, x))) &&
           fabs(act_eval(a, x)) <= (double)FLT_MAX;
}

double act_error(const struct activation *a, double x, double e)
{
    const struct act_def *d = &act_defs[a->kind];
    double y = act_eval(a, x);
    double moved;

    if (!(e < INFINITY) || may_turn_infinite(a, x, e))
        return INFINITY;
    if (!isfinite(y))
        return may_be_finite(a, x, e) ? INFINITY : 0;
    moved = isfinite(x) && e > 0 ? change(a, x, e) : 0;
    if (!isfinite(moved))
        return INFINITY;
    if (d->ulps <= 0 && d->abs <= 0)
        return moved;
    return moved + d->ulps * ulp(fabs(y) + moved) + d->abs * fmax(1, fabs((double)a->arg[0]));
}
