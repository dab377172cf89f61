/* A disk whose power can be cut. */

#include "tests/unit/store/power.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define FILES_MAX 8
#define SECTOR 512

typedef struct Content Content;
typedef struct Write Write;
typedef struct Disk Disk;
typedef struct File File;

struct Content {
        unsigned char *bytes;
        size_t len, room;
};

struct Write {
        Write *next;
        sqlite3_int64 at;
        int len; /* -1: the file was cut off at `at` */
        unsigned char data[];
};

/* One file's content as it is on the platter, and what is on its way there. */
struct Disk {
        char path[256];
        Content content;
        bool synced; /* once at least: before, its name may be lost */
        Write *first, **last;
};

struct File {
        sqlite3_file base;
        Disk *disk;
        sqlite3_file *real; /* behind this one, in the same block */
};

static struct {
        sqlite3_vfs *system;
        sqlite3_vfs vfs;
        Disk disks[FILES_MAX];
        size_t n;
        power_event_fn event;
        void *userdata;
} power;

static sqlite3_file *real_of(sqlite3_file *file) {
        return ((File *)file)->real;
}

static void tell(void) {
        if (power.event)
                power.event(power.userdata);
}

static void push(Disk *disk, sqlite3_int64 at, const void *data, int len) {
        Write *write = malloc(sizeof(*write) + (len > 0 ? (size_t)len : 0));

        assert_non_null(write);
        write->next = NULL;
        write->at = at;
        write->len = len;
        if (len > 0)
                memcpy(write->data, data, (size_t)len);
        *disk->last = write;
        disk->last = &write->next;
}

static void grow(Content *content, size_t wanted) {
        if (wanted > content->room) {
                content->room = wanted * 2;
                content->bytes = realloc(content->bytes, content->room);
                assert_non_null(content->bytes);
        }
        if (wanted > content->len) {
                memset(content->bytes + content->len, 0, wanted - content->len);
                content->len = wanted;
        }
}

/* @part: how much of the write arrives. */
static void apply(Content *content, const Write *write, size_t part) {
        grow(content, (size_t)write->at + part);
        if (write->len < 0)
                content->len = (size_t)write->at;
        else if (part)
                memcpy(content->bytes + write->at, write->data, part);
}

static void settle(Disk *disk, bool keep) {
        while (disk->first) {
                Write *write = disk->first;

                if (keep)
                        apply(&disk->content, write, write->len > 0 ? (size_t)write->len : 0);
                disk->first = write->next;
                free(write);
        }
        disk->last = &disk->first;
}

static int on_close(sqlite3_file *file) {
        return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at) {
        return real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
        int code = real_of(file)->pMethods->xWrite(real_of(file), data, len, at);

        push(((File *)file)->disk, at, data, len);
        tell();
        return code;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size) {
        int code = real_of(file)->pMethods->xTruncate(real_of(file), size);

        push(((File *)file)->disk, size, NULL, -1);
        tell();
        return code;
}

/* The system's own sync would only take time: nobody cuts its power. */
static int on_sync(sqlite3_file *file, int flags) {
        settle(((File *)file)->disk, true);
        ((File *)file)->disk->synced = true;
        tell();
        return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
        return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int on_lock(sqlite3_file *file, int level) {
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level) {
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_check(sqlite3_file *file, int *ret_locked) {
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_locked);
}

/* A hint may resize the file without a write: such hints are not passed on. */
static int on_control(sqlite3_file *file, int op, void *arg) {
        if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
                return SQLITE_NOTFOUND;

        return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int on_sector(sqlite3_file *file) {
        return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int on_device(sqlite3_file *file) {
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret) {
        return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int on_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
        return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *file) {
        real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int on_shm_unmap(sqlite3_file *file, int delete) {
        return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static const sqlite3_io_methods methods = {
        .iVersion = 2, /* without memory-mapped files, whose writes nobody sees */
        .xClose = on_close,
        .xRead = on_read,
        .xWrite = on_write,
        .xTruncate = on_truncate,
        .xSync = on_sync,
        .xFileSize = on_size,
        .xLock = on_lock,
        .xUnlock = on_unlock,
        .xCheckReservedLock = on_check,
        .xFileControl = on_control,
        .xSectorSize = on_sector,
        .xDeviceCharacteristics = on_device,
        .xShmMap = on_shm_map,
        .xShmLock = on_shm_lock,
        .xShmBarrier = on_shm_barrier,
        .xShmUnmap = on_shm_unmap,
};

static Disk *disk_of(const char *path) {
        Disk *disk;

        for (size_t i = 0; i < power.n; i++)
                if (strcmp(power.disks[i].path, path) == 0)
                        return &power.disks[i];

        assert_true(power.n < FILES_MAX);
        disk = &power.disks[power.n++];
        snprintf(disk->path, sizeof(disk->path), "%s", path);
        disk->last = &disk->first;
        return disk;
}

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret_flags) {
        File *file = (File *)base;
        int code;

        file->real = (sqlite3_file *)(file + 1);
        code = power.system->xOpen(power.system, path, file->real, flags, ret_flags);
        file->base.pMethods = file->real->pMethods ? &methods : NULL;
        file->disk = disk_of(path ? path : "temporary");
        return code;
}

/* Taken for lasting at once: what is deleted is not asked for again. */
static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
        Disk *disk = disk_of(path);

        settle(disk, false);
        disk->content.len = 0;
        disk->synced = false;
        return power.system->xDelete(power.system, path, sync_folder);
}

void power_begin(power_event_fn event, void *userdata) {
        power.system = sqlite3_vfs_find(NULL);
        power.vfs = *power.system;
        power.vfs.zName = "power";
        power.vfs.szOsFile += (int)sizeof(File);
        power.vfs.xOpen = on_open;
        power.vfs.xDelete = on_delete;
        power.event = event;
        power.userdata = userdata;
        assert_int_equal(sqlite3_vfs_register(&power.vfs, 1), SQLITE_OK);
}

void power_end(void) {
        assert_int_equal(sqlite3_vfs_register(power.system, 1), SQLITE_OK);
        assert_int_equal(sqlite3_vfs_unregister(&power.vfs), SQLITE_OK);
        for (size_t i = 0; i < power.n; i++) {
                settle(&power.disks[i], false);
                free(power.disks[i].content.bytes);
        }
        memset(&power, 0, sizeof(power));
}

size_t power_unsynced(void) {
        size_t n = 0;

        for (size_t i = 0; i < power.n; i++)
                for (const Write *write = power.disks[i].first; write; write = write->next)
                        n++;

        return n;
}

/* How much of a write that was under way arrived: none, all, or some sectors of it. */
static size_t arrived(const Write *write, unsigned *seed) {
        size_t len = write->len > 0 ? (size_t)write->len : 0;

        switch (rand_r(seed) % 3) {
        case 0:
                return len;
        case 1:
                return len / SECTOR ? (size_t)rand_r(seed) % (len / SECTOR) * SECTOR : 0;
        default:
                return 0;
        }
}

static void save(const char *folder, const Disk *disk, const Content *content) {
        char path[600];
        FILE *file;

        snprintf(path, sizeof(path), "%s%s", folder, strrchr(disk->path, '/'));
        file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(content->bytes, 1, content->len, file), content->len);
        assert_int_equal(fclose(file), 0);
}

void power_image(const char *folder, bool torn, unsigned *seed) {
        for (size_t i = 0; i < power.n; i++) {
                const Disk *disk = &power.disks[i];
                Content content = {};

                if (!strchr(disk->path, '/') || !(disk->synced || (torn && disk->first)))
                        continue;

                grow(&content, disk->content.len + 1);
                content.len = disk->content.len;
                if (content.len)
                        memcpy(content.bytes, disk->content.bytes, content.len);
                for (const Write *write = disk->first; torn && write; write = write->next)
                        if (write->len >= 0 || rand_r(seed) % 2)
                                apply(&content, write, arrived(write, seed));
                save(folder, disk, &content);
                free(content.bytes);
        }
}
