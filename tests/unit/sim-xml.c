/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tests/unit/sim-xml.h"

#define TEMPLATE                                                               \
    "<domain type='kvm'>"                                                      \
    "<name>%s</name><uuid>%s</uuid>"                                           \
    "<maxMemory unit='MiB' slots='8'>4096</maxMemory>"                         \
    "<memory unit='MiB'>1536</memory>"                                         \
    "<currentMemory unit='MiB'>512</currentMemory>"                            \
    "<vcpu current='1'>4</vcpu>"                                               \
    "<vcpus>"                                                                  \
    "<vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>"                 \
    "<vcpu id='1' enabled='no' hotpluggable='yes'/>"                           \
    "<vcpu id='2' enabled='no' hotpluggable='yes'/>"                           \
    "<vcpu id='3' enabled='no' hotpluggable='yes'/>"                           \
    "</vcpus>"                                                                 \
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"             \
    "<cpu mode='custom'><model>qemu64</model>"                                 \
    "<numa><cell id='0' cpus='0-3' memory='524288' unit='KiB'/></numa></cpu>"  \
    "<devices>"                                                                \
    "<interface type='network'><source network='default'/></interface>"        \
    "<channel type='unix'>"                                                    \
    "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"          \
    "<memory model='virtio-mem'><target><size unit='MiB'>1024</size>"          \
    "<node>0</node><block unit='MiB'>2</block>"                                \
    "<requested unit='MiB'>0</requested></target></memory>"                    \
    "</devices></domain>"

char *
sim_xml_new(const char *uuid, const char *name)
{
    return g_markup_printf_escaped(TEMPLATE, name, uuid);
}
