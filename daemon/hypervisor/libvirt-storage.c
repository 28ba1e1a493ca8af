/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "daemon/hypervisor/libvirt-call.h"
#include "daemon/hypervisor/libvirt-error.h"
#include "daemon/hypervisor/libvirt-util.h"
#include "daemon/hypervisor/libvirt-xml.h"

#include <libvirt/virterror.h>

/*
 * Volumes: disks, cloned or blank, and seed images.
 *
 * A copy that was cut off looks like a whole disk: it has the size, and half
 * of the data. So an empty volume "NAME.making" stands beside one for as long
 * as it is being made; one that is found with it is made again.
 */

#define MARK_SUFFIX ".making"
#define UPLOAD_CHUNK_BYTES (256 * 1024)

/* ---- looking up ---------------------------------------------------------- */

static virStoragePoolPtr
find_pool(virConnectPtr conn, const char *name, GError **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    int is_active = 0;

    pool = virStoragePoolLookupByName(conn, name);
    if (pool == NULL) {
        vmc_libvirt_error_set(error, "cannot find storage pool '%s'", name);
        return NULL;
    }
    is_active = virStoragePoolIsActive(pool);
    if (is_active == 0)
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "storage pool '%s' is not active; start it with `virsh "
                    "pool-start`",
                    name);
    else if (is_active < 0)
        vmc_libvirt_error_set(error, "cannot read storage pool '%s'", name);
    return is_active == 1 ? g_steal_pointer(&pool) : NULL;
}

/* Files that came into a pool by another way are seen after a refresh. */
static virStorageVolPtr
find_volume_refreshed(virStoragePoolPtr pool, const char *name, GError **error)
{
    virStorageVolPtr volume = virStorageVolLookupByName(pool, name);

    if (volume == NULL) {
        (void) virStoragePoolRefresh(pool, 0);
        volume = virStorageVolLookupByName(pool, name);
    }
    if (volume == NULL)
        vmc_libvirt_error_set(error, "cannot find volume '%s' in pool '%s'",
                              name, virStoragePoolGetName(pool));
    return volume;
}

static gboolean
read_capacity(virStorageVolPtr volume, guint64 *ret_bytes, GError **error)
{
    virStorageVolInfo info = {0};

    if (virStorageVolGetInfo(volume, &info) < 0)
        return vmc_libvirt_error_set(error, "cannot read volume '%s'",
                                     virStorageVolGetName(volume));
    *ret_bytes = info.capacity;
    return TRUE;
}

static gboolean
reply_with_path(virStorageVolPtr volume, VmcReply *reply, GError **error)
{
    char *path = virStorageVolGetPath(volume);

    if (path == NULL)
        return vmc_libvirt_error_set(error, "cannot find the path of '%s'",
                                     virStorageVolGetName(volume));
    g_free(reply->path);
    reply->path = path;
    return TRUE;
}

/* qcow2 is a file: other pools have raw volumes alone. */
static gboolean
check_holds_files(virStoragePoolPtr pool, GError **error)
{
    static const char *const types[] = {"dir", "fs", "netfs", NULL};
    g_autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autofree char *type = NULL;

    if (xml == NULL)
        return vmc_libvirt_error_set(error, "cannot read storage pool '%s'",
                                     virStoragePoolGetName(pool));
    type = vmc_libvirt_xml_get(xml, "pool@type");
    if (type != NULL && g_strv_contains(types, type))
        return TRUE;
    g_set_error(error, VMC_ERROR, VMC_ERROR_UNSUPPORTED,
                "cannot make disks in storage pool '%s' of type '%s': only "
                "'dir', 'fs' and 'netfs' hold qcow2 files",
                virStoragePoolGetName(pool), type != NULL ? type : "");
    return FALSE;
}

/* ---- deleting ------------------------------------------------------------ */

/* Of the volume, if it is there. */
static gboolean
delete_volume(virStoragePoolPtr pool, const char *name, GError **error)
{
    g_autoptr(virStorageVol) volume = virStorageVolLookupByName(pool, name);

    if ((volume == NULL || virStorageVolDelete(volume, 0) < 0) &&
        virGetLastErrorCode() != VIR_ERR_NO_STORAGE_VOL)
        return vmc_libvirt_error_set(error,
                                     "cannot delete volume '%s' in pool '%s'",
                                     name, virStoragePoolGetName(pool));
    return TRUE;
}

gboolean
vmc_libvirt_delete_volume(virConnectPtr conn,
                          const VmcCall *call,
                          VmcReply *reply,
                          GError **error)
{
    g_autofree char *mark = g_strconcat(call->volume, MARK_SUFFIX, NULL);
    g_autoptr(virStoragePool) pool = find_pool(conn, call->pool, error);

    return pool != NULL && delete_volume(pool, call->volume, error) &&
           delete_volume(pool, mark, error);
}

/* ---- making -------------------------------------------------------------- */

static char *
make_volume_xml(const char *name, const char *format, guint64 bytes)
{
    return g_markup_printf_escaped(
        "<volume><name>%s</name>"
        "<capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>"
        "<target><format type='%s'/></target></volume>",
        name, bytes, format);
}

static virStorageVolPtr
create_volume(virStoragePoolPtr pool,
              const char *name,
              const char *format,
              guint64 bytes,
              GError **error)
{
    g_autofree char *xml = make_volume_xml(name, format, bytes);
    virStorageVolPtr volume = virStorageVolCreateXML(pool, xml, 0);

    if (volume == NULL)
        vmc_libvirt_error_set(error, "cannot make volume '%s' in pool '%s'",
                              name, virStoragePoolGetName(pool));
    return volume;
}

static gboolean
check_image_fits(virStorageVolPtr image,
                 const VmcCall *call,
                 guint64 *ret_image_bytes,
                 GError **error)
{
    guint64 image_bytes = 0;

    if (!read_capacity(image, &image_bytes, error))
        return FALSE;
    if (image_bytes > call->bytes) {
        g_set_error(error, VMC_ERROR, VMC_ERROR_REFUSED,
                    "cannot make a disk of %" G_GUINT64_FORMAT
                    " bytes from image '%s', which has %" G_GUINT64_FORMAT
                    "; make the disk larger",
                    call->bytes, call->image, image_bytes);
        return FALSE;
    }
    *ret_image_bytes = image_bytes;
    return TRUE;
}

static virStorageVolPtr
clone_image(virStoragePoolPtr pool, const VmcCall *call, GError **error)
{
    g_autoptr(virStorageVol) image =
        find_volume_refreshed(pool, call->image, error);
    g_autoptr(virStorageVol) volume = NULL;
    guint64 image_bytes = 0;
    g_autofree char *xml = NULL;

    if (image == NULL || !check_image_fits(image, call, &image_bytes, error))
        return NULL;
    xml = make_volume_xml(call->volume, "qcow2", image_bytes);
    volume = virStorageVolCreateXMLFrom(pool, xml, image, 0);
    if (volume == NULL) {
        vmc_libvirt_error_set(error, "cannot clone image '%s' in pool '%s'",
                              call->image, call->pool);
        return NULL;
    }
    if (image_bytes < call->bytes &&
        virStorageVolResize(volume, call->bytes, 0) < 0) {
        vmc_libvirt_error_set(error, "cannot grow volume '%s' in pool '%s'",
                              call->volume, call->pool);
        return NULL;
    }
    return g_steal_pointer(&volume);
}

/* Makes the disk under its mark. What fails leaves nothing. */
static gboolean
make_disk(virStoragePoolPtr pool,
          const VmcCall *call,
          const char *mark,
          VmcReply *reply,
          GError **error)
{
    g_autoptr(virStorageVol) marked = NULL;
    g_autoptr(virStorageVol) volume = NULL;

    marked = create_volume(pool, mark, "raw", 0, error);
    if (marked == NULL)
        return FALSE;
    if (call->image != NULL)
        volume = clone_image(pool, call, error);
    else
        volume = create_volume(pool, call->volume, "qcow2", call->bytes, error);
    if (volume == NULL) {
        if (delete_volume(pool, call->volume, NULL))
            (void) delete_volume(pool, mark, NULL);
        return FALSE;
    }
    return delete_volume(pool, mark, error) &&
           reply_with_path(volume, reply, error);
}

/* What a cut-off call left is removed, so that it is made again. */
static gboolean
remove_unfinished(virStoragePoolPtr pool,
                  const char *volume,
                  const char *mark,
                  GError **error)
{
    g_autoptr(virStorageVol) marked = virStorageVolLookupByName(pool, mark);

    return marked == NULL || (delete_volume(pool, volume, error) &&
                              delete_volume(pool, mark, error));
}

static gboolean
take_existing(virStorageVolPtr volume,
              const VmcCall *call,
              VmcReply *reply,
              GError **error)
{
    guint64 bytes = 0;

    if (!read_capacity(volume, &bytes, error))
        return FALSE;
    if (bytes == call->bytes)
        return reply_with_path(volume, reply, error);
    g_set_error(error, VMC_ERROR, VMC_ERROR_EXISTS,
                "volume '%s' in pool '%s' exists and has %" G_GUINT64_FORMAT
                " bytes, not %" G_GUINT64_FORMAT,
                call->volume, call->pool, bytes, call->bytes);
    return FALSE;
}

gboolean
vmc_libvirt_create_disk(virConnectPtr conn,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    g_autofree char *mark = g_strconcat(call->volume, MARK_SUFFIX, NULL);
    g_autoptr(virStoragePool) pool = find_pool(conn, call->pool, error);
    g_autoptr(virStorageVol) existing = NULL;

    if (pool == NULL || !check_holds_files(pool, error) ||
        !remove_unfinished(pool, call->volume, mark, error))
        return FALSE;
    existing = virStorageVolLookupByName(pool, call->volume);
    if (existing != NULL)
        return take_existing(existing, call, reply, error);
    return make_disk(pool, call, mark, reply, error);
}

/* ---- seed images --------------------------------------------------------- */

static gboolean
send_bytes(virStreamPtr stream, GBytes *data, GError **error)
{
    gsize n_bytes = 0;
    const char *bytes = g_bytes_get_data(data, &n_bytes);
    gsize n_sent = 0;

    while (n_sent < n_bytes) {
        gsize chunk = MIN(n_bytes - n_sent, UPLOAD_CHUNK_BYTES);
        int n = virStreamSend(stream, bytes + n_sent, chunk);

        if (n < 0) {
            vmc_libvirt_error_set(error, "cannot send a seed image");
            (void) virStreamAbort(stream);
            return FALSE;
        }
        n_sent += (gsize) n;
    }
    if (virStreamFinish(stream) == 0)
        return TRUE;
    return vmc_libvirt_error_set(error, "cannot send a seed image");
}

static gboolean
upload(virStorageVolPtr volume, GBytes *data, GError **error)
{
    g_autoptr(virStream) stream =
        virStreamNew(virStorageVolGetConnect(volume), 0);

    if (stream == NULL ||
        virStorageVolUpload(volume, stream, 0, g_bytes_get_size(data), 0) < 0)
        return vmc_libvirt_error_set(error, "cannot write volume '%s'",
                                     virStorageVolGetName(volume));
    return send_bytes(stream, data, error);
}

/* A seed of another size is that of an earlier try: it is made from the call
 * alone, so it may be replaced. */
static gboolean
drop_other_size(virStoragePoolPtr pool, const VmcCall *call, GError **error)
{
    g_autoptr(virStorageVol) existing =
        virStorageVolLookupByName(pool, call->volume);
    guint64 bytes = 0;

    if (existing == NULL)
        return TRUE;
    if (!read_capacity(existing, &bytes, error))
        return FALSE;
    return bytes == g_bytes_get_size(call->data) ||
           delete_volume(pool, call->volume, error);
}

gboolean
vmc_libvirt_create_seed(virConnectPtr conn,
                        const VmcCall *call,
                        VmcReply *reply,
                        GError **error)
{
    g_autoptr(virStoragePool) pool = find_pool(conn, call->pool, error);
    g_autoptr(virStorageVol) volume = NULL;

    if (pool == NULL || !drop_other_size(pool, call, error))
        return FALSE;
    volume = virStorageVolLookupByName(pool, call->volume);
    if (volume == NULL)
        volume = create_volume(pool, call->volume, "raw",
                               g_bytes_get_size(call->data), error);
    return volume != NULL && upload(volume, call->data, error) &&
           reply_with_path(volume, reply, error);
}
