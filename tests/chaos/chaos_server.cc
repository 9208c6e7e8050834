// chaos_server: a relay inside a program, as any embedder has one, that tells what it holds.
//
// Usage: chaos_server [MEMORY_BYTES_MAX]. Prints `listening on URL`; then answers each line of its
// standard input with one line of JSON: the sums over all shards of what a leak would raise. Stops
// in order at the end of the input.
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string>

#include <parley/server.h>

namespace {

void print_sums(parley::Server& server) {
    parley::ShardStats sum;
    for (const parley::ShardStats& shard : server.stats()) {
        sum.connections += shard.connections;
        sum.sessions += shard.sessions;
        sum.groups += shard.groups;
        sum.frames_outstanding += shard.frames_outstanding;
        sum.sockets_adopted += shard.sockets_adopted;
        sum.voice_dropped += shard.voice_dropped;
        sum.slow_consumers += shard.slow_consumers;
    }
    const struct mallinfo2 heap = mallinfo2();  // of all arenas
    std::printf(
        "{\"connections\":%llu,\"sessions\":%llu,\"groups\":%llu,\"frames_outstanding\":%llu,"
        "\"sockets_adopted\":%llu,\"voice_dropped\":%llu,\"slow_consumers\":%llu,"
        "\"heap_bytes_used\":%zu,\"heap_bytes_free\":%zu}\n",
        static_cast<unsigned long long>(sum.connections),
        static_cast<unsigned long long>(sum.sessions), static_cast<unsigned long long>(sum.groups),
        static_cast<unsigned long long>(sum.frames_outstanding),
        static_cast<unsigned long long>(sum.sockets_adopted),
        static_cast<unsigned long long>(sum.voice_dropped),
        static_cast<unsigned long long>(sum.slow_consumers), heap.uordblks + heap.hblkhd,
        heap.fordblks);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    parley::Options options;
    if (argc > 1) options.limits.memory_bytes_max = std::strtoull(argv[1], nullptr, 10);
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
