#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "operations.h"
#include "graft.h"
#include "pod-lease.h"
#include "overlay.h"
#include "listeners.h"
#include "publish.h"
#include "result.h"
#include "target.h"

struct add {
  const struct cni_environment *environment;
  const struct cni_configuration *configuration;
  char key[SHELF_KEY_MAX + 1];
  struct cni_attachments attachments;
  struct cni_attachment attachment;
  struct cni_target target;
  struct cni_lease lease;
  char host_interface[IFNAMSIZ];
};

static bool is_of_host(const struct cni_target *target) {
  struct stat own;
  return stat("/proc/self/ns/net", &own) == 0 && own.st_ino == target->inode;
}

/* The intent, before anything is taken or mounted: who comes later finds what was begun. */
static bool write_intent(struct add *add, struct cni_failure *failure) {
  struct cni_attachment *attachment = &add->attachment;
  const struct cni_environment *environment = add->environment;
  if (!cni_key(add->key, environment->container_id, add->configuration->name, environment->ifname))
    return cni_fail(failure, CNI_INVALID_ENVIRONMENT, "CNI_CONTAINERID is longer than netnsd can keep: 191 characters");
  strcpy(attachment->network, add->configuration->name);
  strcpy(attachment->container_id, environment->container_id);
  strcpy(attachment->ifname, environment->ifname);
  strcpy(attachment->target, add->target.mounted[0] == '\0' ? environment->netns : add->target.mounted);
  attachment->target_inode = add->target.inode;
  return cni_attachment_create(&add->attachments, add->key, attachment, failure);
}

/* What is about to be done, and the ports that are to lead there. */
static bool write_delivery(struct add *add, struct cni_failure *failure) {
  struct cni_attachment *attachment = &add->attachment;
  if (attachment->ports.count == 0) return cni_attachment_replace(&add->attachments, add->key, attachment, failure);
  return cni_publish(&add->attachments, add->key, attachment, failure);
}

/* What the pod receives, at the other end of its interface. */
static bool limit_ingress(const struct add *add, struct cni_failure *failure) {
  const struct cni_rate *ingress = &add->configuration->rates.ingress;
  char name[IFNAMSIZ];
  char path[PATH_MAX];
  struct cni_target hub;
  if (ingress->bits == 0) return true;
  if (!cni_lease_host_end(&add->lease, add->configuration->socket, name, path))
    return cni_fail(failure, CNI_REFUSED, "netnsd gave a lease that does not say where the other end of its interface is");
  if (!cni_target_open(&hub, path, failure)) {
    failure->code = CNI_TRY_AGAIN_LATER;
    return false;
  }
  bool done = setns(hub.fd, CLONE_NEWNET) == 0
                  ? cni_rate_set(name, cni_lease_mtu(&add->lease), ingress, failure)
                  : cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the hub of the endpoint cannot be entered");
  cni_target_close(&hub);
  return done;
}

/* What the pod sends, in the pooled namespace, in which the process is. */
static bool limit_egress(const struct add *add, struct cni_failure *failure) {
  return cni_rate_set(add->lease.ifname, cni_lease_mtu(&add->lease), &add->configuration->rates.egress, failure);
}

/* Where there is an obstacle, the graft is what is left. */
static bool overlay(struct add *add, const struct cni_target *pooled, struct cni_failure *failure) {
  const char *obstacle = add->configuration->graft ? "it is not wanted"
                                                   : cni_overlay_obstacle(&add->target, pooled, &add->lease, add->environment->ifname);
  add->attachment.delivery = obstacle == NULL ? CNI_DELIVERY_OVERLAY : CNI_DELIVERY_GRAFT;
  if (!write_delivery(add, failure)) return false;
  if (obstacle != NULL)
    return cni_graft(&add->target, pooled, &add->lease, add->environment->ifname, &add->configuration->rates.egress, failure);
  if (!limit_egress(add, failure)) return false;
  return cni_overlay_mount(&add->target, pooled) ||
         cni_fail_errno(failure, CNI_KERNEL_FAILURE, "the endpoint cannot be mounted over %s", add->target.mounted);
}

static bool deliver(struct add *add, struct cni_failure *failure) {
  struct cni_target pooled;
  struct cni_attachment *attachment = &add->attachment;
  strcpy(attachment->lease, add->lease.id);
  strcpy(attachment->mac, add->lease.mac);
  if (!cni_target_open(&pooled, add->lease.path, failure)) {
    failure->code = CNI_TRY_AGAIN_LATER;
    return false;
  }
  attachment->netns_inode = pooled.inode;
  bool delivered = overlay(add, &pooled, failure);
  cni_target_close(&pooled);
  return delivered;
}

/* Whether the ports that the pod wants can lead to the lease. Asked before the process enters another namespace. */
static bool fit_ports(struct add *add, struct cni_failure *failure) {
  struct cni_attachment *attachment = &add->attachment;
  attachment->ports = add->configuration->ports;
  cni_lease_address(&add->lease, CNI_IPV4, attachment->address);
  cni_lease_address(&add->lease, CNI_IPV6, attachment->address6);
  return attachment->ports.count == 0 ||
         (cni_ports_fit(&attachment->ports, attachment->address[0] != '\0', attachment->address6[0] != '\0', failure) &&
          (add->configuration->ports_are_held || cni_ports_are_free(&attachment->ports, failure)));
}

/* Where the host's end is in a namespace of netnsd's own, there is none to tell of. Asked before the process enters another one. */
static void find_host_interface(struct add *add) {
  struct json interface;
  struct json name;
  char text[IFNAMSIZ];
  add->host_interface[0] = '\0';
  bool named = json_get(add->lease.root, "interface", &interface) == JSON_FOUND && json_get(interface, "hostName", &name) == JSON_FOUND &&
               json_copy(name, text, sizeof text);
  if (named && if_nametoindex(text) != 0) strcpy(add->host_interface, text);
}

static bool write_result(const struct add *add, struct text *text, struct cni_failure *failure) {
  const struct cni_result result = {.version = add->configuration->version,
                                    .ifname = add->environment->ifname,
                                    .sandbox = add->environment->netns,
                                    .host_interface = add->host_interface[0] == '\0' ? NULL : add->host_interface,
                                    .dns = add->configuration->dns};
  return cni_result_add(text, &result, add->lease.root) ||
         cni_fail(failure, CNI_REFUSED, "netnsd gave a lease of which no result can be made");
}

static bool attach(struct add *add, struct text *text, struct cni_failure *failure) {
  if (!write_intent(add, failure)) return false;
  bool done = cni_lease_acquire(&add->lease, add->configuration, add->key, failure);
  if (done) find_host_interface(add);
  done = done && fit_ports(add, failure) && limit_ingress(add, failure) && deliver(add, failure) && write_result(add, text, failure);
  if (!done) {
    /* The first failure is the one that is told. What cannot be undone now stays written down. */
    struct cni_failure undoing;
    cni_detach(&add->attachments, add->configuration->socket, add->key, &undoing);
  }
  return done;
}

static bool attach_to_target(struct add *add, struct text *text, struct cni_failure *failure) {
  if (is_of_host(&add->target))
    return cni_fail(failure, CNI_NOT_DELIVERABLE, "CNI_NETNS is the host's own network namespace: pods of the host's network take no CNI");
  if (!cni_attachments_open(&add->attachments, add->configuration->socket, true, failure)) return false;
  bool done = add->configuration->ports.count == 0 || cni_publish_open(&add->attachments, add->configuration->socket, failure);
  done = done && attach(add, text, failure);
  cni_attachments_close(&add->attachments);
  return done;
}

bool cni_add(const struct cni_environment *environment, const struct cni_configuration *configuration, struct text *text,
             struct cni_failure *failure) {
  static struct add add;
  add = (struct add){.environment = environment, .configuration = configuration};
  if (!cni_target_open(&add.target, environment->netns, failure)) return false;
  bool done = attach_to_target(&add, text, failure);
  cni_target_close(&add.target);
  return done;
}
