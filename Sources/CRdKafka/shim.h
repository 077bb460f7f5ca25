#include <librdkafka/rdkafka.h>
// For the tests.
#include <librdkafka/rdkafka_mock.h>
