/* The labels of a network, one a line. */
#include <stdio.h>
#include "labels.h"

int main(void)
{
    for (int i = 0; i < LABELS_LABELS; i++)
        puts(labels_labels[i]);
    return 0;
}
