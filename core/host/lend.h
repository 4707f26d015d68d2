/*
 * lend: what plugins may ask the host about other plugins (struct gyr_host, part 7 of gyr/abi.h).
 *
 * Lifetime: the whole program. Threads: the functions in it are called on the thread of the owner.
 */
#pragma once

#include "gyr/abi.h"

const struct gyr_host *lend_host(void);
