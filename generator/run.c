#include "session.h"

int command_run(struct session *s)
{
    (void)s;
    die("not implemented yet");
}
