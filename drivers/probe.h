/* probe: whether this machine can run the driver, and if not, what is missing and what to do about it. */
#pragma once

#include <stdbool.h>

#include "driver.h"

/* 0, or -ENOTSUP or -EPERM with the reason. */
int probe_machine(struct drv_problem *ret_why);

/* Writes the sentence. Always @err, which is negative. */
int problem(struct drv_problem *ret_why, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether capability @cap (linux/capability.h) is effective. */
bool probe_capability(unsigned int cap);
