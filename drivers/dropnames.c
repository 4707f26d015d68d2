/* dropnames: what metrics call classes of events and causes of loss. */
#include "driver.h"

const char *drv_class_name(enum wire_class class)
{
	static const char *const names[WIRE_CLASSES] = {
		[WIRE_CLASS_OTHER] = "other",
		[WIRE_CLASS_CLONE_FORK] = "clone_fork",
		[WIRE_CLASS_EXECVE] = "execve",
		[WIRE_CLASS_PROC_EXIT] = "proc",
		[WIRE_CLASS_CONNECT] = "connect",
		[WIRE_CLASS_OPEN] = "open",
		[WIRE_CLASS_DIR_FILE] = "dir_file",
		[WIRE_CLASS_CLOSE] = "close",
		[WIRE_CLASS_OTHER_INTEREST] = "other_interest",
	};

	return (unsigned int)class < WIRE_CLASSES ? names[class] : "unknown";
}

const char *drv_drop_name(enum wire_drop drop)
{
	static const char *const names[WIRE_DROPS] = {
		[WIRE_DROP_RING] = "ring",
		[WIRE_DROP_SCRATCH] = "scratch",
		[WIRE_DROP_COMPAT] = "compat",
	};

	return (unsigned int)drop < WIRE_DROPS ? names[drop] : "unknown";
}
