#include "sys.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct identity {
	uid_t uid;
	gid_t gid;
	const char *name; /* for the supplementary groups, NULL where the number has no entry;
			     borrowed */
};

static int
identity_group(const char *group, gid_t *gid, struct sys_error *e)
{
	uint64_t number;
	struct group *entry = getgrnam(group);

	if (entry)
		*gid = entry->gr_gid;
	else if (base_span_u64(base_span_cstr(group), &number) && number < UINT32_MAX)
		*gid = (gid_t)number;
	else
		return sys_fail(
			e, -BASE_ERR_NOT_FOUND, "group '%s': there is no such group", group);
	return 0;
}

static int
identity_of(struct identity *id, const char *user, const char *group, struct sys_error *e)
{
	uint64_t number = 0;
	struct passwd *entry = getpwnam(user);
	bool numeric =
		!entry && base_span_u64(base_span_cstr(user), &number) && number < UINT32_MAX;

	if (numeric)
		entry = getpwuid((uid_t)number);
	if (!entry && !numeric)
		return sys_fail(e, -BASE_ERR_NOT_FOUND, "user '%s': there is no such user", user);
	*id = (struct identity){(uid_t)number, (gid_t)number, NULL};
	if (entry)
		*id = (struct identity){entry->pw_uid, entry->pw_gid, entry->pw_name};
	if (group && *group)
		return identity_group(group, &id->gid, e);
	if (!entry)
		return sys_fail(
			e, -BASE_ERR_INVALID, "user %s has no entry: name a group too", user);
	return 0;
}

int
sys_privileges_check(const char *user, const char *group, struct sys_error *e)
{
	struct identity id;

	return identity_of(&id, user, group, e);
}

/* Every set of this thread empty: permitted, effective, inheritable, ambient, and the bounding set
 * where we may. */
static int
capabilities_drop_bounds(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM)
			return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL ? -1
											       : 0;
}

static int
capabilities_drop(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return (int)syscall(SYS_capset, &header, none);
}

/* Groups first, then gid, then uid: each step needs what the next one gives away. */
static int
identity_assume(const struct identity *id)
{
	if (id->name ? initgroups(id->name, id->gid) : setgroups(1, &id->gid))
		return -1;
	if (setresgid(id->gid, id->gid, id->gid) < 0)
		return -1;
	return setresuid(id->uid, id->uid, id->uid);
}

int
sys_privileges_drop(const char *user, const char *group, struct sys_error *e)
{
	struct identity id;
	int result = identity_of(&id, user, group, e);

	if (result < 0)
		return result;
	bool same = geteuid() == id.uid && getuid() == id.uid && getegid() == id.gid &&
		    getgid() == id.gid;
	if (!same && geteuid() != 0)
		return sys_fail(e, -BASE_ERR_PERMISSION,
			"cannot become user '%s': not started as root", user);
	if (capabilities_drop_bounds() < 0)
		return sys_fail(e, sys_error_of_errno(errno),
			"cannot empty the capability bounds: %s", strerror(errno));
	if ((!same || geteuid() == 0) && identity_assume(&id) < 0)
		return sys_fail(e, sys_error_of_errno(errno), "cannot become user '%s': %s", user,
			strerror(errno));
	if (capabilities_drop() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return sys_fail(e, sys_error_of_errno(errno), "cannot drop capabilities: %s",
			strerror(errno));
	if (id.uid != 0 && setuid(0) == 0)
		return sys_fail(e, -BASE_ERR_PERMISSION, "user '%s' could become root again", user);
	return 0;
}
