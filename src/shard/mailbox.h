// Mailbox: what other threads have for a shard that are no shards themselves: stores, hooks.
//
//   any thread ── post(letter) ──▶ Mailbox ── wakes the shard ──▶ deliver(): letter.open()
//
// Not for shards among themselves, which have lanes, and never on the path of a voice frame:
// posting takes a lock. It bounds nothing: whoever hands out work whose answers come here bounds
// that.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "ring/ring.h"

namespace parley {

class Mailbox {
public:
    /// Something to be done on the shard's thread, once. It is destroyed there, or, if the shard
    /// has ended, by who posts it. It may hold the mailbox.
    class Letter {
    public:
        Letter() noexcept = default;
        Letter(const Letter&) = delete;
        Letter& operator=(const Letter&) = delete;
        virtual ~Letter() = default;
        virtual void open() noexcept = 0;
    };
    using Letters = std::vector<std::unique_ptr<Letter>>;

    /// `waker` ends the sleep of the shard that delivers. The mailbox may outlive it.
    explicit Mailbox(const ring::Waker& waker) noexcept : waker_(waker) {}
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    ~Mailbox() = default;

    /// Letters are opened in the order posted. Takes all and leaves `letters` empty.
    /// Threads: any. Blocks: for as long as another posts.
    void post(Letters& letters);

    /// Threads: the shard's.
    bool empty() const noexcept { return !waiting_.load(std::memory_order_acquire); }
    /// Opens what has been posted, but not what comes meanwhile.
    /// Threads: the shard's. Blocks: for as long as another posts.
    void deliver() noexcept;
    /// Nothing is opened any more: what waits is destroyed, and so is what is posted from now on.
    /// Threads: the shard's, at its end. Blocks: for as long as another posts.
    void close() noexcept;

private:
    const ring::KeptWaker waker_;
    std::mutex mutex_;
    Letters posted_;
    bool closed_ = false;
    std::atomic<bool> waiting_{false};
};

}  // namespace parley
