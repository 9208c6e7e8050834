#include "chat/inbox.h"

#include <algorithm>

#include "chat/limits.h"

namespace parley::chat {

void Inbox::add(Delivery delivery) {
    if (entries_.size() >= unsettled_max) entries_.pop_front();
    entries_.push_back({.delivery = std::move(delivery)});
}

bool Inbox::knows(ItemKey key) const noexcept {
    return std::ranges::any_of(entries_,
                               [key](const Entry& each) { return each.delivery.key == key; });
}

void Inbox::prove_up_to(std::uint64_t number) noexcept {
    for (Entry& each : entries_) {
        if (each.delivery.number > number) return;
        if (each.state == State::unproven) each.state = State::proven;
    }
}

void Inbox::prove(ItemKey key) noexcept {
    for (Entry& each : entries_) {
        if (each.delivery.key == key && each.state == State::unproven) each.state = State::proven;
    }
}

// Settling a message settles all that is about it, a receipt that is yet to be proven included.
bool Inbox::is_awaited(const Entry& but) const noexcept {
    return std::ranges::any_of(entries_, [&but](const Entry& each) {
        return &each != &but && each.state == State::unproven &&
               each.delivery.about == but.delivery.about;
    });
}

std::vector<Inbox::Settlement> Inbox::take_settlements() {
    std::vector<Settlement> all;
    // A queue is read in order, so where nothing unproven lies before, its last entry stands for
    // those before it.
    Settlement front;
    for (Entry& each : entries_) {
        if (each.state == State::unproven) break;
        if (each.state != State::proven || each.delivery.seq == 0) continue;
        front.seq = each.delivery.seq;
        front.numbers.push_back(each.delivery.number);
        each.state = State::settling;
    }
    if (front.seq != 0) all.push_back(std::move(front));
    for (Entry& each : entries_) {
        if (each.state != State::proven || is_awaited(each)) continue;
        each.state = State::settling;
        all.push_back({.about = each.delivery.about, .numbers = {each.delivery.number}});
    }
    return all;
}

Inbox::Entry* Inbox::find(std::uint64_t number) noexcept {
    const auto found =
        std::ranges::find(entries_, number, [](const Entry& each) { return each.delivery.number; });
    return found == entries_.end() ? nullptr : &*found;
}

void Inbox::settled(const Settlement& settlement, Instant now) noexcept {
    for (const std::uint64_t number : settlement.numbers) {
        Entry* entry = find(number);
        if (entry == nullptr) continue;
        entry->state = State::settled;
        entry->delivery.at = now;
    }
    // A live message comes no second time; one from the queue may yet come live.
    std::erase_if(entries_, [](const Entry& each) {
        return each.state == State::settled && each.delivery.seq == 0;
    });
}

void Inbox::not_settled(const Settlement& settlement) noexcept {
    for (const std::uint64_t number : settlement.numbers) {
        if (Entry* entry = find(number)) entry->state = State::proven;
    }
}

void Inbox::forget(Instant before) noexcept {
    std::erase_if(entries_, [before](const Entry& each) {
        return each.state == State::settled && each.delivery.at < before;
    });
}

std::uint64_t Inbox::last_unproven() const noexcept {
    for (auto each = entries_.rbegin(); each != entries_.rend(); ++each) {
        if (each->state == State::unproven) return each->delivery.number;
    }
    return 0;
}

}  // namespace parley::chat
