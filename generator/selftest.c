#include "selftest.h"

void selftest_write(const struct selftest *t, const char *prefix, struct out *out)
{
    (void)t;
    (void)out;
    bug("no self-test for %s", prefix);
}
