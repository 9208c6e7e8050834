// record::RecorderThread: the thread that a Recorder works on.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "record/recorder.h"

namespace parley::record {

class RecorderThread {
public:
    /// The recorder must be open, and is this thread's from now on, its counters apart.
    explicit RecorderThread(Recorder& recorder);
    RecorderThread(const RecorderThread&) = delete;
    RecorderThread& operator=(const RecorderThread&) = delete;
    /// Takes what the shards have said last, ends all recordings and waits for that. The shards
    /// must have ended.
    ~RecorderThread();

private:
    void run();
    void poll();

    Recorder& recorder_;
    std::mutex mutex_;
    std::condition_variable ends_;
    bool ending_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace parley::record
