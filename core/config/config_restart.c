#include "config/config_restart.h"

static const char *const keys[] = {
	"plugins",
	"load_plugins",
	"engine",
	"base_syscalls",
	"falco_libs",
	"container_engines",
	"plugins_hostinfo",
	"registry",
	"privileges",
	"capture",
	"syscall_event_drops",
	"syscall_event_timeouts",
	"webserver",
	"suppression.capacity",
	"watch_config_files",
};

static void text_of(const struct config *c, const char *path, struct buf *b)
{
	const struct config_node *n = config_at(c, path);

	buf_init(b, 1 << 20);
	if (n && n->kind != CONFIG_NULL)
		config_node_json(b, n);
}

bool config_is_same(const struct config *a, const struct config *b, const char *path)
{
	struct buf x, y;
	bool ret;

	text_of(a, path, &x);
	text_of(b, path, &y);
	ret = str_eq(buf_str(&x), buf_str(&y));
	buf_deinit(&x);
	buf_deinit(&y);
	return ret;
}

uint32_t config_restart_keys(const struct config *was, const struct config *now, struct buf *ret)
{
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!config_is_same(was, now, keys[i]))
			buf_printf(ret, "%s'%s'", n++ ? ", " : "", keys[i]);
	return n;
}
