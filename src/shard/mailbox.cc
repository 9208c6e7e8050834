#include "shard/mailbox.h"

#include <iterator>
#include <utility>

namespace parley {

void Mailbox::post(Letters& letters) {
    if (letters.empty()) return;
    Letters unwanted;  // destroyed without the lock
    {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            unwanted.swap(letters);
            return;
        }
        posted_.insert(posted_.end(), std::make_move_iterator(letters.begin()),
                       std::make_move_iterator(letters.end()));
        waiting_.store(true, std::memory_order_release);
    }
    letters.clear();
    waker_.waker().wake();
}

void Mailbox::deliver() noexcept {
    Letters taken;
    {
        const std::lock_guard lock{mutex_};
        taken.swap(posted_);
        waiting_.store(false, std::memory_order_relaxed);
    }
    for (const auto& letter : taken)
        letter->open();
}

// A letter may hold the mailbox that it waits in, so they would keep each other for ever.
void Mailbox::close() noexcept {
    Letters unopened;  // destroyed without the lock
    const std::lock_guard lock{mutex_};
    closed_ = true;
    unopened.swap(posted_);
}

}  // namespace parley
