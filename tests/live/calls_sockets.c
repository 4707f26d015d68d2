/* Sockets: made, bound, connected, accepted, written and read. All on loopback. */
#include "calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;

	return getsockname(fd, (struct sockaddr *)&a, &n) ? 0 : ntohs(a.sin_port);
}

/* "\x7f\x00\x00\x01" and the port, as an event has them. */
static int put_end(char *to, size_t size, int port)
{
	int n = snprintf(to, size, "\\x7f\\x00\\x00\\x01");

	for (int i = 0; i < 2; i++) {
		const int byte = port >> (8 * i) & 0xff;

		n += snprintf(to + n, size - (size_t)n, byte > ' ' && byte < 127 ? "%c" : "\\x%02x",
			      byte);
	}
	return n;
}

static void put_tuple(char *to, size_t size, int from, int there)
{
	int n = snprintf(to, size, "\\x02");

	n += put_end(to + n, size - (size_t)n, from);
	if (there)
		put_end(to + n, size - (size_t)n, there);
}

static void act_socket(struct told *t)
{
	t->r[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	t->r[1] = socket(AF_UNIX, SOCK_DGRAM, 0);
	t->r[2] = socket(AF_NETLINK, SOCK_RAW, 0);
	syscall(SYS_socket, 99, 1, 0);
}

static void act_socketpair(struct told *t)
{
	int ends[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	t->r[0] = ends[0];
	t->r[1] = ends[1];
}

static void act_bind(struct told *t)
{
	struct sockaddr_in a = loopback(0);

	t->r[0] = socket(AF_INET, SOCK_STREAM, 0);
	bind((int)t->r[0], (struct sockaddr *)&a, sizeof a);
	listen((int)t->r[0], 3);
	put_tuple(t->text, sizeof t->text, 0, 0);
}

/* Two sockets that are connected: server in r[0], client in r[1], accepted in r[2]. */
static void connected(struct told *t)
{
	struct sockaddr_in a = loopback(0);

	t->r[0] = socket(AF_INET, SOCK_STREAM, 0);
	bind((int)t->r[0], (struct sockaddr *)&a, sizeof a);
	listen((int)t->r[0], 3);
	a = loopback(port_of((int)t->r[0]));
	t->r[1] = socket(AF_INET, SOCK_STREAM, 0);
	connect((int)t->r[1], (struct sockaddr *)&a, sizeof a);
	t->r[2] = accept4((int)t->r[0], NULL, NULL, SOCK_CLOEXEC);
	put_tuple(t->text, sizeof t->text, port_of((int)t->r[1]), port_of((int)t->r[0]));
}

static void act_connect(struct told *t)
{
	connected(t);
}

static void act_accept(struct told *t)
{
	struct sockaddr_in a = loopback(0);

	connected(t);
	a = loopback(port_of((int)t->r[0]));
	t->r[3] = socket(AF_INET, SOCK_STREAM, 0);
	connect((int)t->r[3], (struct sockaddr *)&a, sizeof a);
	t->r[4] = syscall(SYS_accept, t->r[0], NULL, NULL);
	put_tuple(t->text, sizeof t->text, port_of((int)t->r[3]), port_of((int)t->r[0]));
}

static void act_refused(struct told *t)
{
	struct sockaddr_in a = loopback(1);

	t->r[0] = socket(AF_INET, SOCK_STREAM, 0);
	t->r[1] = syscall(SYS_connect, t->r[0], &a, sizeof a);
}

static void act_send_recv(struct told *t)
{
	char b[20];

	connected(t);
	send((int)t->r[1], "hi", 2, 0);
	recv((int)t->r[2], b, sizeof b, 0);
	shutdown((int)t->r[1], SHUT_WR);
}

static void act_messages(struct told *t)
{
	char b[20];
	struct iovec out[] = {{(void *)"ab", 2}, {(void *)"c", 1}}, in = {b, sizeof b};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 2};

	connected(t);
	sendmsg((int)t->r[1], &m, 0);
	m = (struct msghdr){.msg_iov = &in, .msg_iovlen = 1};
	recvmsg((int)t->r[2], &m, 0);
}

static void act_many_messages(struct told *t)
{
	char b[20];
	struct iovec out = {(void *)"one", 3}, in = {b, sizeof b};
	struct mmsghdr m = {.msg_hdr = {.msg_iov = &out, .msg_iovlen = 1}};

	connected(t);
	sendmmsg((int)t->r[1], &m, 1, 0);
	m = (struct mmsghdr){.msg_hdr = {.msg_iov = &in, .msg_iovlen = 1}};
	recvmmsg((int)t->r[2], &m, 1, 0, NULL);
}

static void act_udp(struct told *t)
{
	struct sockaddr_in a = loopback(0), from;
	socklen_t n = sizeof from;
	char b[8];

	t->r[0] = socket(AF_INET, SOCK_DGRAM, 0);
	bind((int)t->r[0], (struct sockaddr *)&a, sizeof a);
	a = loopback(port_of((int)t->r[0]));
	t->r[1] = socket(AF_INET, SOCK_DGRAM, 0);
	bind((int)t->r[1], (struct sockaddr *)&(struct sockaddr_in[]){loopback(0)}, sizeof a);
	sendto((int)t->r[1], "dg", 2, 0, (struct sockaddr *)&a, sizeof a);
	recvfrom((int)t->r[0], b, sizeof b, 0, (struct sockaddr *)&from, &n);
	put_tuple(t->text, sizeof t->text, port_of((int)t->r[1]), port_of((int)t->r[0]));
}

static void act_unix(struct told *t)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "sock"};

	t->r[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	bind((int)t->r[0], (struct sockaddr *)&a, sizeof a);
	listen((int)t->r[0], 1);
	t->r[1] = socket(AF_UNIX, SOCK_STREAM, 0);
	connect((int)t->r[1], (struct sockaddr *)&a, sizeof a);
	memcpy(a.sun_path, "\0none", 5);
	t->r[2] = connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, 7);
}

static void act_v6(struct told *t)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
				 .sin6_port = htons(0x4142),
				 .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	t->r[0] = socket(AF_INET6, SOCK_DGRAM, 0);
	t->r[1] = connect((int)t->r[0], (struct sockaddr *)&a, sizeof a);
}

static void act_options(struct told *t)
{
	struct timeval tv = {1, 500};
	int one = 1, error;
	socklen_t n = sizeof error;

	t->r[0] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt((int)t->r[0], SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt((int)t->r[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt((int)t->r[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	getsockopt((int)t->r[0], SOL_SOCKET, SO_ERROR, &error, &n);
}

static void act_names(struct told *t)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;

	connected(t);
	getsockname((int)t->r[1], (struct sockaddr *)&a, &n);
	getpeername((int)t->r[1], (struct sockaddr *)&a, &n);
}

static const struct call_case rows[] = {
	{"socket",
	 act_socket,
	 {"socket fd={0} domain=AF_INET type=1 proto=0 flags=O_NONBLOCK|O_CLOEXEC",
	  "socket fd={1} domain=AF_LOCAL type=2 proto=0 flags=0",
	  "socket fd={2} domain=* type=3 proto=0 flags=0",
	  "socket fd=-97 domain=99 type=1 proto=0 flags=0"}},
	{"socketpair",
	 act_socketpair,
	 {"socketpair res=0 fd1={0} fd2={1} source=* peer=* domain=AF_LOCAL type=1 proto=0"}},
	{"bind and listen",
	 act_bind,
	 {"bind res=0 addr={text} fd={0}", "listen res=0 fd={0} backlog=3"}},
	{"connect and accept4 tell both ends",
	 act_connect,
	 {"connect res=0 tuple={text} fd={1} addr=*",
	  "accept4 fd={2} tuple={text} queuepct=0 queuelen=0 queuemax=3 flags=*"}},
	{"accept", act_accept, {"accept fd={4} tuple={text} queuepct=0 queuelen=0 queuemax=3"}},
	{"a connection that is refused has no tuple",
	 act_refused,
	 {"connect res=-111 tuple= fd={0} addr=\\x02\\x7f\\x00\\x00\\x01\\x01\\x00"}},
	{"getsockname and getpeername have no parameters",
	 act_names,
	 {"accept4 fd={2} tuple={text} queuepct=* queuelen=* queuemax=3 flags=*", "getsockname",
	  "getpeername"}},
	{"sendto, recvfrom, shutdown",
	 act_send_recv,
	 {"sendto res=2 data=hi fd={1} size=2 tuple={text}",
	  "recvfrom res=2 data=hi tuple={text} fd={2} size=20",
	  "shutdown res=0 fd={1} how=SHUT_WR"}},
	{"sendmsg and recvmsg",
	 act_messages,
	 {"sendmsg res=3 data=abc fd={1} size=3 tuple={text}",
	  "recvmsg res=3 size=20 data=abc tuple={text} msgcontrol= fd={2}"}},
	{"sendmmsg and recvmmsg",
	 act_many_messages,
	 {"sendmmsg res=1 fd={1} size=3 data=one tuple={text}",
	  "recvmmsg res=1 fd={2} size=20 data=one tuple={text} msgcontrol="}},
	{"datagrams tell where they go and where they come from",
	 act_udp,
	 {"sendto res=2 data=dg fd={1} size=2 tuple={text}",
	  "recvfrom res=2 data=dg tuple={text} fd={0} size=8"}},
	{"unix sockets",
	 act_unix,
	 {"bind res=0 addr=\\x01sock\\x00 fd={0}", "listen res=0 fd={0} backlog=1",
	  "connect res=0 tuple=* fd={1} addr=\\x01sock\\x00",
	  "connect res=-111 tuple= fd=* addr=\\x01none\\x00"}},
	{"IPv6",
	 act_v6,
	 {"socket fd={0} domain=AF_INET6 type=2 proto=0 flags=0",
	  "connect res={1} tuple=* fd={0} "
	  "addr="
	  "\\x0a\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01B"
	  "A"}},
	{"options",
	 act_options,
	 {"setsockopt res=0 fd={0} level=SOL_SOCKET optname=SO_REUSEADDR "
	  "val=\\x02\\x01\\x00\\x00\\x00 optlen=4",
	  "setsockopt res=0 fd={0} level=SOL_SOCKET optname=SO_RCVTIMEO "
	  "val=\\x04\\x20k\\xa2;\\x00\\x00\\x00\\x00 "
	  "optlen=16",
	  "setsockopt res=0 fd={0} level=SOL_TCP optname=* val=\\x00\\x01\\x00\\x00\\x00 optlen=4",
	  "getsockopt res=0 fd={0} level=SOL_SOCKET optname=SO_ERROR "
	  "val=\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00 "
	  "optlen=4"}},
};
const struct call_cases calls_sockets = CASES(rows);
