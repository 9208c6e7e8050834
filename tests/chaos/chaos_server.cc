// chaos_server: a relay inside a program, as any embedder has one, that tells what it holds.
//
// Usage: chaos_server MEMORY_BYTES_MAX STORED_USERS_MAX. Prints `listening on URL`; then answers
// each line of its standard input with one line of JSON: the sums over all shards of what a leak
// would raise, and of what the server did about bad weather. Stops in order at the end of the
// input.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string>
#include <utility>

#include <parley/server.h>

namespace {

void print_sums(parley::Server& server) {
    parley::ShardStats sum;
    for (const parley::ShardStats& shard : server.stats()) {
        sum.connections += shard.connections;
        sum.sessions += shard.sessions;
        sum.groups += shard.groups;
        sum.frames_outstanding += shard.frames_outstanding;
        sum.timers += shard.timers;
        sum.sockets_adopted += shard.sockets_adopted;
        sum.voice_dropped += shard.voice_dropped;
        sum.slow_consumers += shard.slow_consumers;
        sum.memory_refused += shard.memory_refused;
    }
    const struct mallinfo2 heap = mallinfo2();  // of all arenas
    const std::pair<const char*, std::uint64_t> numbers[] = {
        {"connections", sum.connections},
        {"sessions", sum.sessions},
        {"groups", sum.groups},
        {"frames_outstanding", sum.frames_outstanding},
        {"timers", sum.timers},
        {"sockets_adopted", sum.sockets_adopted},
        {"voice_dropped", sum.voice_dropped},
        {"slow_consumers", sum.slow_consumers},
        {"memory_refused", sum.memory_refused},
        {"heap_bytes_used", heap.uordblks + heap.hblkhd},
    };
    char separator = '{';
    for (const auto& [name, number] : numbers)
        std::printf("%c\"%s\":%" PRIu64, std::exchange(separator, ','), name, number);
    std::puts("}");
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: chaos_server MEMORY_BYTES_MAX STORED_USERS_MAX\n", stderr);
        return 2;
    }
    parley::Options options;
    options.limits.memory_bytes_max = std::strtoull(argv[1], nullptr, 10);
    options.limits.stored_users_max = std::strtoull(argv[2], nullptr, 10);
    options.listen = "127.0.0.1:0";
    options.shards = 2;
    options.auth = parley::Auth::trust;

    std::string error;
    const auto server = parley::Server::start(options, error);
    if (!server) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    std::printf("listening on %s\n", server->url().c_str());
    std::fflush(stdout);
    for (int c = std::getchar(); c != EOF; c = std::getchar()) {
        if (c == '\n') print_sums(*server);
    }
    server->stop();
    server->wait();
    return 0;
}
