#include "record/recorder_thread.h"

#include "shard/pinning.h"

namespace parley::record {

RecorderThread::RecorderThread(Recorder& recorder)
    : recorder_(recorder), thread_([this] { run(); }) {}

RecorderThread::~RecorderThread() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    ends_.notify_one();
    thread_.join();
}

void RecorderThread::run() {
    name_this_thread("parley-recorder");
    std::unique_lock lock{mutex_};
    while (!ends_.wait_for(lock, look_interval, [this] { return ending_; }))
        poll();
    poll();
    recorder_.end_all();
}

void RecorderThread::poll() {
    using namespace std::chrono;
    recorder_.poll(Instant{steady_clock::now().time_since_epoch()},
                   floor<milliseconds>(system_clock::now()));
}

}  // namespace parley::record
