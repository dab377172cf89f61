#pragma once

/*
 * @uri with *** for its password and for options that hold secrets; to be freed, NULL without memory. It
 * rather hides too much: everything from the first colon behind "://" to the last "@". Any thread.
 */
char *config_uri_hide(const char *uri);
