/* reqctl: what people type to reqd. */

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/complete.h"
#include "ctl/exit_code.h"
#include "ctl/help.h"
#include "ctl/output.h"
#include "ctl/run.h"
#include "daemon/spec/job_spec.h"

static int answer(const Args *args) {
        if (args->version) {
                printf("reqctl %s\n", REQD_VERSION);
                return 0;
        }

        if (args->help) {
                if (args->command_typed)
                        help_print_command(stdout, args->command, job_spec_options);
                else
                        help_print_all(stdout);
                return 0;
        }

        return run_command(args);
}

int main(int argc, char *argv[]) {
        _cleanup_(user_error_deinit) UserError error = {};
        _cleanup_(args_deinit) Args args = {};
        int r;

        if (argc > 1 && strcmp(argv[1], COMPLETE_COMMAND) == 0)
                return complete_run(argc - 2, argv + 2) ? EXIT_CODE_ERROR : EXIT_CODE_DONE;

        setlocale(LC_CTYPE, ""); /* so that tables know the width of names */
        r = args_parse(argc, argv, job_spec_options, &args, &error);
        if (r == -EINVAL) {
                output_error(&error);
                return EXIT_CODE_USAGE;
        }

        if (!r)
                r = answer(&args);
        if (r < 0)
                output_message("%s", strerror(-r));
        if (fflush(stdout) == EOF && r == 0) {
                output_message("standard output: %s", strerror(errno));
                r = EXIT_CODE_ERROR;
        }

        return r < 0 ? EXIT_CODE_ERROR : r;
}
