/*
 * sound: whether an event is what the tables say of its type: as many parameters, each as long as its type is,
 * texts that end, addresses of the length of their family, and numbers all of whose bits or values have names.
 */
#pragma once

#include "watch.h"

/* Fails the test at the first of @seen that is not. */
void sound_check(const struct seen *seen);
