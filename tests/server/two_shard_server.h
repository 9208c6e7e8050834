// TwoShardServer: whole shards on the real ring, stepped by the test's own thread.
//
// One thread may own several rings, so nothing here runs in the background: what the server does
// it does inside pump(), and a test can count it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ring/socket.h"
#include "server/worker.h"

namespace parley::server {

class TwoShardServer {
public:
    explicit TwoShardServer(std::size_t shards);
    TwoShardServer(const TwoShardServer&) = delete;
    TwoShardServer& operator=(const TwoShardServer&) = delete;
    ~TwoShardServer();

    std::uint16_t port() const noexcept { return port_; }
    Shard& shard(std::size_t index) { return *shards_[index]; }
    Worker& worker(std::size_t index) { return *workers_[index]; }
    Fabric& fabric() { return *fabric_; }

    /// One turn of every shard, without sleeping.
    void pump();

    /// An id that lives on the given shard: `prefix` and a number.
    template <class Key>
    std::string name_on(std::size_t shard, const std::string& prefix) const {
        for (int i = 0;; ++i) {
            std::string name = prefix + std::to_string(i);
            if (raw(shards_[0]->home(shards_[0]->key<Key>(name))) == shard) return name;
        }
    }

private:
    std::uint16_t port_ = 0;
    std::unique_ptr<Fabric> fabric_;
    std::unique_ptr<store::Backend> store_ = store::open_memory();
    WorkerOptions options_;
    std::unique_ptr<session::Authenticator> authenticator_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

/// A client on a plain socket: sends prepared bytes, counts what comes.
class TestClient {
public:
    TestClient(TwoShardServer& server, const std::string& user);
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;
    ~TestClient();

    /// One masked binary frame with a VoicePing array `[0, type, user, group(, payload)]`.
    void send(int type, const std::string& group, std::string_view payload) {
        write(frame(type, group, payload));
    }
    std::string frame(int type, const std::string& group, std::string_view payload) const;
    void write(const std::string& bytes);
    /// Takes what has arrived; true if the bytes so far contain `needle`.
    bool has_received(std::string_view needle);
    /// Takes and counts what has arrived without keeping it. Allocates nothing.
    std::size_t drain();
    void forget() { received_.clear(); }

private:
    int socket_ = -1;
    std::string user_;
    std::string received_;
};

}  // namespace parley::server
