// TownHall: one shard of a real server on the null ring, with signed-in members of one group.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/worker.h"

namespace parley::bench {

class TownHall final {
public:
    /// The first member has the floor; `listeners` hear it.
    explicit TownHall(std::size_t listeners);
    TownHall(const TownHall&) = delete;
    TownHall& operator=(const TownHall&) = delete;
    ~TownHall();

    /// The talker says `frames` packets, which all come in one receive; returns when every listener
    /// has been sent them.
    void say(std::size_t frames) noexcept;

    server::Worker& worker() noexcept { return *worker_; }

private:
    void sign_in(std::size_t member);
    void send(std::size_t member, int type, std::string_view payload);
    void settle() noexcept;

    Fabric fabric_;
    std::unique_ptr<store::Backend> store_ = store::open_memory();
    server::WorkerOptions options_;
    std::unique_ptr<session::Authenticator> authenticator_;
    std::unique_ptr<Shard> shard_;
    std::unique_ptr<server::Worker> worker_;
    std::vector<std::byte> audio_;  // one masked frame, over and over
    std::size_t audio_frame_bytes_ = 0;
};

}  // namespace parley::bench
