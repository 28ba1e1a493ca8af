/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

/*
 * For builds with --enable-sanitizers=thread only. GLib's locks are made of
 * futexes inside a library that the sanitizer has not compiled, so it does not
 * see what they order, and would call every access under a GMutex a race.
 * These stand before GLib's own, and tell it.
 */

#ifdef __SANITIZE_THREAD__

#include <glib-object.h>

#include <dlfcn.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>

#define NEXT(name)                                                             \
    static __typeof__(&name) next;                                             \
    if (__atomic_load_n(&next, __ATOMIC_RELAXED) == NULL)                      \
    __atomic_store_n(&next, (__typeof__(&name)) dlsym(RTLD_NEXT, #name),       \
                     __ATOMIC_RELAXED)

/* ---- locks ----------------------------------------------------------------
 */

void
g_mutex_lock(GMutex *mutex)
{
    NEXT(g_mutex_lock);
    next(mutex);
    __tsan_acquire(mutex);
}

void
g_mutex_unlock(GMutex *mutex)
{
    NEXT(g_mutex_unlock);
    __tsan_release(mutex);
    next(mutex);
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
    NEXT(g_cond_wait);
    __tsan_release(mutex);
    next(cond, mutex);
    __tsan_acquire(mutex);
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    NEXT(g_cond_wait_until);
    __tsan_release(mutex);
    gboolean in_time = next(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return in_time;
}

/* ---- references -----------------------------------------------------------
 * What one thread did with a thing comes before its end in another. */

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
    NEXT(g_atomic_ref_count_dec);
    __tsan_release(count);
    gboolean is_last = next(count);
    if (is_last)
        __tsan_acquire(count);
    return is_last;
}

void
g_object_unref(gpointer object)
{
    NEXT(g_object_unref);
    __tsan_release(object);
    __tsan_acquire(object);
    next(object);
}

/* ---- handing over ---------------------------------------------------------
 * What was written before a thing was handed to another thread. */

typedef struct {
    GSourceFunc func;
    gpointer data;
    GDestroyNotify notify;
} Handover;

/* Held while a source is handed over, and once before it runs: GLib's own
 * allocations in there are ordered as well. */
static pthread_mutex_t handing_over = PTHREAD_MUTEX_INITIALIZER;

static gboolean
run_handover(gpointer user_data)
{
    Handover *handover = user_data;

    pthread_mutex_lock(&handing_over);
    pthread_mutex_unlock(&handing_over);
    return handover->func(handover->data);
}

static void
end_handover(gpointer user_data)
{
    Handover *handover = user_data;

    pthread_mutex_lock(&handing_over);
    pthread_mutex_unlock(&handing_over);
    if (handover->notify != NULL)
        handover->notify(handover->data);
    g_free(handover);
}

static Handover *
handover_new(GSourceFunc func, gpointer data, GDestroyNotify notify)
{
    Handover *handover = g_new(Handover, 1);

    *handover = (Handover){func, data, notify};
    return handover;
}

guint
g_idle_add_full(gint priority,
                GSourceFunc function,
                gpointer data,
                GDestroyNotify notify)
{
    NEXT(g_idle_add_full);
    pthread_mutex_lock(&handing_over);
    guint id = next(priority, run_handover,
                    handover_new(function, data, notify), end_handover);
    pthread_mutex_unlock(&handing_over);
    return id;
}

guint
g_timeout_add_full(gint priority,
                   guint interval,
                   GSourceFunc function,
                   gpointer data,
                   GDestroyNotify notify)
{
    NEXT(g_timeout_add_full);
    pthread_mutex_lock(&handing_over);
    guint id = next(priority, interval, run_handover,
                    handover_new(function, data, notify), end_handover);
    pthread_mutex_unlock(&handing_over);
    return id;
}

guint
g_timeout_add(guint interval, GSourceFunc function, gpointer data)
{
    return g_timeout_add_full(G_PRIORITY_DEFAULT, interval, function, data,
                              NULL);
}

/* Others hand more over to their functions than data, and belong to one thread
 * here. */
static gboolean
is_plain(const GSource *source)
{
    return source->source_funcs == &g_idle_funcs ||
           source->source_funcs == &g_timeout_funcs;
}

void
g_source_set_callback(GSource *source,
                      GSourceFunc func,
                      gpointer data,
                      GDestroyNotify notify)
{
    NEXT(g_source_set_callback);
    if (!is_plain(source)) {
        next(source, func, data, notify);
        return;
    }
    pthread_mutex_lock(&handing_over);
    next(source, run_handover, handover_new(func, data, notify), end_handover);
    pthread_mutex_unlock(&handing_over);
}

guint
g_source_attach(GSource *source, GMainContext *context)
{
    NEXT(g_source_attach);
    pthread_mutex_lock(&handing_over);
    guint id = next(source, context);
    pthread_mutex_unlock(&handing_over);
    return id;
}

/* ---- pools -----------------------------------------------------------------
 * What GLib allocates for a pool and its queue, a thread of the pool frees, in
 * an order that is not seen here: so that it is allocated is not looked at. */

void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

typedef struct {
    GFunc func;
    gpointer user_data;
} PoolFunc;

static void
run_pool_func(gpointer data, gpointer user_data)
{
    const PoolFunc *pool_func = user_data;

    __tsan_acquire(data);
    pool_func->func(data, pool_func->user_data);
    __tsan_release(user_data);
}

/* The pool itself is freed by its last thread, under a lock that is not seen
 * here: so this does not look at how it reads the pool. */
__attribute__((no_sanitize("thread"))) void
g_thread_pool_free(GThreadPool *pool, gboolean immediate, gboolean wait_)
{
    NEXT(g_thread_pool_free);
    gpointer pool_func = wait_ ? pool->user_data : NULL;

    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    next(pool, immediate, wait_);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    if (wait_)
        __tsan_acquire(pool_func);
}

/* The pool's function is never freed: a test program does not run for long. */
GThreadPool *
g_thread_pool_new(GFunc func,
                  gpointer user_data,
                  gint max_threads,
                  gboolean exclusive,
                  GError **error)
{
    NEXT(g_thread_pool_new);
    PoolFunc *pool_func = g_new(PoolFunc, 1);
    *pool_func = (PoolFunc){func, user_data};
    __tsan_release(pool_func);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    GThreadPool *pool =
        next(run_pool_func, pool_func, max_threads, exclusive, error);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    return pool;
}

gboolean
g_thread_pool_push(GThreadPool *pool, gpointer data, GError **error)
{
    NEXT(g_thread_pool_push);
    __tsan_release(data);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    gboolean ok = next(pool, data, error);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    return ok;
}

#else

/* An object file must hold something. */
extern int vmc_tsan_glib_is_empty;
int vmc_tsan_glib_is_empty;

#endif
