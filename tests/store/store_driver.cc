// store_driver: a process that uses a store, for tests that kill it and for measurements.
//
//   store_driver append WHERE FIRST   keeps messages and memberships without end, and prints each
//                                     once it was acknowledged
//   store_driver list WHERE           prints all messages and memberships there are
//   store_driver fill WHERE COUNT     keeps so many messages in one conversation, then pages
//                                     through it, and prints what that took
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "shard/shard.h"
#include "store/backend.h"
#include "support/ring_loop.h"

namespace parley::store {
namespace {

constexpr std::size_t outstanding = 64;
constexpr std::uint64_t conversations = 4;
constexpr std::uint64_t members_each = 500;

class Driver final : public StoreClient {
public:
    explicit Driver(const char* where) {
        std::string error;
        Where place;
        if (parse_where(where, place, error)) backend_ = open(place, error);
        if (!backend_) fail(error);
        door_ = backend_->door(shard_);
    }

    [[noreturn]] void append(std::uint64_t first) {
        std::puts("open");
        std::fflush(stdout);
        for (next_ = first;;) {
            while (waiting_ < outstanding)
                keep_next();
            shard_.turn();
            std::fflush(stdout);  // a line is printed whole, or not at all if we are killed now
        }
    }
    void list() {
        for (const std::string& name : names(List::What::conversations)) {
            for (const Message& each : history(name))
                std::printf("message %s %s %lu\n", name.c_str(), each.id.c_str(), each.order);
        }
        for (const std::string& name : names(List::What::users)) {
            for (const std::string& group : ask(GetUser{name}).groups)
                std::printf("member %s %s\n", name.c_str(), group.c_str());
        }
    }
    void fill(std::uint64_t count) {
        Instant since = now();
        const auto report = [this, &since](const char* what) {
            const std::chrono::duration<double, std::milli> took = now() - since;
            std::printf("%-20s %12.3f ms\n", what, took.count());
            since = now();
        };
        const std::string body(100, 'x');
        for (next_ = 1; next_ <= count || waiting_ > 0;) {
            while (next_ <= count && waiting_ < 1000) {
                send(next_, KeepMessage{.message = {.id = std::to_string(next_),
                                                    .conversation = "g:fire",
                                                    .sender = "ann",
                                                    .body = body}});
                ++next_;
            }
            shard_.turn();
        }
        report("all messages:");
        for (const auto& [what, from] : {std::pair{"200 at the end:", std::uint64_t{0}},
                                         std::pair{"200 in the middle:", count / 2},
                                         std::pair{"200 at the start:", std::uint64_t{202}}}) {
            ask(GetHistory{.conversation = "g:fire", .from = from});
            report(what);
        }
    }

private:
    [[noreturn]] static void fail(const std::string& error) {
        std::fprintf(stderr, "store_driver: %s\n", error.c_str());
        std::exit(1);
    }
    Instant now() { return shard_.ring().now(); }
    // Even numbers are messages, odd ones memberships.
    void keep_next() {
        const std::uint64_t number = next_++;
        const std::string group = "group-" + std::to_string(number % conversations);
        if (number % 2 == 0) {
            send(number, KeepMessage{{.id = std::to_string(number),
                                      .conversation = group_conversation(group),
                                      .sender = "ann",
                                      .body = "what was said"},
                                     QueueFor::members,
                                     {}});
        } else {
            const std::string user = "user-" + std::to_string(number % members_each);
            send(number, AddMember{user, "own-" + std::to_string(number)});
        }
    }
    void send(std::uint64_t number, Question question) {
        ++waiting_;
        door_->ask(*this, Ticket{number}, std::move(question));
    }
    void on_answer(Ticket ticket, Result<Answer> answer) noexcept override {
        --waiting_;
        if (!answer && is_failure(answer.error())) fail("a question was not carried out");
        const auto number = static_cast<std::uint64_t>(ticket);
        const auto* kept = answer ? std::get_if<Kept>(&*answer) : nullptr;
        if (number == 0) {
            answer_ = std::move(*answer);
        } else if (kept != nullptr && !quiet_) {
            std::printf("message g:group-%lu %lu %lu\n", number % conversations, number,
                        kept->order);
        } else if (answer && !quiet_) {
            std::printf("member user-%lu own-%lu\n", number % members_each, number);
        }
    }
    template <class Q>
    typename Q::Answer ask(Q question) {
        send(0, std::move(question));
        while (waiting_ > 0)
            shard_.turn();
        return std::get<typename Q::Answer>(std::move(answer_));
    }
    std::vector<std::string> names(List::What what) {
        std::vector<std::string> all;
        for (Names page{.names = {}, .more = true}; page.more;) {
            page = ask(List{what, all.empty() ? std::string{} : all.back()});
            all.insert(all.end(), page.names.begin(), page.names.end());
        }
        return all;
    }
    std::vector<Message> history(const std::string& conversation) {
        std::vector<Message> all;
        for (History page{.messages = {}, .more = true}; page.more;) {
            page = ask(GetHistory{.conversation = conversation,
                                  .from = all.empty() ? 0 : all.back().order,
                                  .direction = GetHistory::Direction::forwards});
            all.insert(all.end(), page.messages.begin(), page.messages.end());
        }
        return all;
    }

public:
    void be_quiet() { quiet_ = true; }

private:
    Fabric fabric_{{.shards = 1, .hash_key = {}}};
    Shard shard_{ShardId{0}, fabric_, test::open_ring({}), {}};
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<Store> door_;
    std::size_t waiting_ = 0;
    std::uint64_t next_ = 0;
    Answer answer_;
    bool quiet_ = false;
};

}  // namespace
}  // namespace parley::store

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    std::uint64_t number = 0;
    if (words.size() == 3) {
        std::from_chars(words[2].data(), words[2].data() + words[2].size(), number);
    }
    if (words.size() >= 2) {
        parley::store::Driver driver{argv[2]};
        if (words[0] == "append" && number > 0) driver.append(number);
        if (words[0] == "list") return driver.list(), 0;
        driver.be_quiet();
        if (words[0] == "fill" && number > 0) return driver.fill(number), 0;
    }
    std::fputs("store_driver append|list|fill WHERE [NUMBER]\n", stderr);
    return 2;
}
