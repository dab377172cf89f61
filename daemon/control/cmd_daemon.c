/* What is asked about the daemon itself. */

#include "daemon/control/command.h"

#include <string.h>
#include <unistd.h>

#include "common/timeutil.h"
#include "daemon/job/job_status.h"

/* common/org.reqd.varlink as a string, made by the build. */
extern const char org_reqd_varlink[];

static const char org_varlink_service[] =
        "# The Varlink Service Interface is provided by every varlink service. It\n"
        "# describes the service and the interfaces it implements.\n"
        "interface org.varlink.service\n"
        "method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: "
        "[]string)\n"
        "method GetInterfaceDescription(interface: string) -> (description: string)\n"
        "error InterfaceNotFound (interface: string)\n"
        "error MethodNotFound (method: string)\n"
        "error MethodNotImplemented (method: string)\n"
        "error InvalidParameter (parameter: string)\n"
        "error PermissionDenied ()\n"
        "error ExpectedMore ()\n";

static const struct {
        const char *name;
        const char *description;
} interfaces[] = {
        { "org.varlink.service", org_varlink_service },
        { "org.reqd", org_reqd_varlink },
};

void cmd_get_info(Call *call) {
        JsonWriter *writer = call_begin(call);

        json_member_string(writer, "vendor", "reqd");
        json_member_string(writer, "product", "reqd");
        json_member_string(writer, "version", REQD_VERSION);
        json_member_string(writer, "url", "");
        json_key(writer, "interfaces");
        json_open_array(writer);
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                json_put_string(writer, interfaces[i].name);
        json_close_array(writer);
        call_reply(call, false);
}

void cmd_get_interface_description(Call *call) {
        const char *name = call_string(call, "interface");

        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                if (strcmp(interfaces[i].name, name) == 0) {
                        json_member_string(call_begin(call), "description", interfaces[i].description);
                        call_reply(call, false);
                        return;
                }

        varlink_error_begin(call->writer, VARLINK_E_INTERFACE_NOT_FOUND);
        json_member_string(call->writer, "interface", name);
        varlink_error_end(call->writer);
        call_end(call);
}

static void write_store(const Registry *registry, JsonWriter *writer) {
        const StoreLink *link = &registry->link;
        bool available = !link->away && store_link_lets_start(link);

        json_key(writer, "store");
        json_open_object(writer);
        json_member_string(writer, "kind", store_kind(link->store));
        json_member_string(writer, "address", store_address(link->store));
        json_member_bool(writer, "available", available);
        json_member_string(writer, "message", available ? NULL : link->failure.message);
        json_close_object(writer);
}

static void write_unreadable(const Registry *registry, JsonWriter *writer) {
        const Unreadable *unreadable;

        json_key(writer, "unreadable");
        json_open_array(writer);
        TAILQ_FOREACH(unreadable, &registry->unreadable, entry) {
                json_open_object(writer);
                json_member_string(writer, "name", unreadable->name);
                json_member_string(writer, "id", unreadable->id);
                json_member_string(writer, "reason", unreadable->why);
                json_close_object(writer);
        }
        json_close_array(writer);
}

static void write_daemon(const Control *control, JsonWriter *writer) {
        const Registry *registry = control->registry;
        char started[TIME_RFC3339_SIZE];

        json_key(writer, "daemon");
        json_open_object(writer);
        json_member_string(writer, "version", REQD_VERSION);
        json_member_int(writer, "pid", getpid());
        json_member_string(writer, "started", time_format_rfc3339(control->started_ms, started));
        write_store(registry, writer);
        json_member_uint(writer, "in_flight", engine_in_flight(registry->services.engine));
        json_member_uint(writer, "max_in_flight", registry->services.max_in_flight);
        json_member_uint(writer, "clients", control->n_peers);
        write_unreadable(registry, writer);
        json_close_object(writer);
}

static void write_jobs(const Registry *registry, bool ended, JsonWriter *writer) {
        Job *job;

        TAILQ_FOREACH_REVERSE(job, &registry->jobs, JobList, entry) {
                if (job_ended(job) != ended)
                        continue;
                json_open_object(writer);
                job_status_write(job, writer);
                json_close_object(writer);
        }
}

void cmd_get_status(Call *call) {
        const Registry *registry = call->control->registry;
        JsonWriter *writer = call_begin(call);

        write_daemon(call->control, writer);
        json_key(writer, "jobs");
        json_open_array(writer);
        write_jobs(registry, false, writer);
        write_jobs(registry, true, writer);
        json_close_array(writer);
        call_reply(call, false);
}

void cmd_get_config(Call *call) {
        const Config *config = call->control->config;
        JsonWriter *writer = call_begin(call);

        json_key(writer, "settings");
        json_open_array(writer);
        for (const Option *option = config_options; option->path; option++) {
                _cleanup_free_ char *value = NULL;

                if (option->later)
                        continue;

                value = config_show(config, option);
                json_open_object(writer);
                json_member_string(writer, "name", option->path);
                json_member_string(writer, "value", value ? value : "");
                json_member_string(writer, "source", config_source(config, option->path));
                json_close_object(writer);
        }
        json_close_array(writer);
        call_reply(call, false);
}
