// record::Library: reads recordings for those who may hear them.
//
//   shard ── ask(job) ──▶ queue ──▶ job.read() on a thread of its own ──▶ the shard's mailbox
//
// A job carries the Source that it reads from there and back, so nobody shares it. What waits is
// bounded by who asks (one job for each download).
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "record/source.h"
#include "shard/mailbox.h"

namespace parley::record {

/// Something to be read. It is opened, as a letter, by the shard that asked.
class ReadJob : public Mailbox::Letter {
public:
    explicit ReadJob(std::shared_ptr<Mailbox> home) noexcept : home_(std::move(home)) {}
    /// Threads: the library's.
    virtual void read(const Place& place) noexcept = 0;

private:
    friend class Library;
    std::shared_ptr<Mailbox> home_;
};

class Library {
public:
    explicit Library(Place place);
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    /// What waits is thrown away.
    ~Library();

    /// Threads: any. Blocks: for as long as another asks.
    void ask(std::unique_ptr<ReadJob> job);

private:
    void run();

    const Place place_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<ReadJob>> queue_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace parley::record
