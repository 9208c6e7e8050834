#include "store/redis_store.h"

#include <fmt/format.h>
#include <random>
#include <utility>

#include "store/checks.h"
#include "store/redis_answer.h"
#include "store/redis_question.h"

namespace parley::store {
namespace {

using redis::Fault;
using redis::Reply;

// What never reached Redis was certainly not done.
Error as_store_error(Error error) noexcept {
    switch (static_cast<Fault>(error.code)) {
        case Fault::unavailable:
            return trouble(Trouble::unavailable);
        case Fault::timed_out:
            return trouble(Trouble::too_late);
        case Fault::no_room:
            return limit_error(Limit::outbox);
        case Fault::lost:
            return trouble(Trouble::no_answer);
        default:
            return error;
    }
}

std::string conversation_of(const Question& question) {
    return std::visit(
        [](const auto& q) -> std::string {
            if constexpr (requires { q.conversation; }) return q.conversation;
            return {};
        },
        question);
}

}  // namespace

// ---- the epoch ------------------------------------------------------------------------------

// Milliseconds since 1970, times 64: beyond every number given so far, as long as nobody gives more
// than 64 a millisecond, and below 2^53 until the year 6400.
std::string RedisEpoch::proposal(WallTime now) const {
    std::random_device random;
    const std::uint64_t name = std::uint64_t{random()} << 32 | random();
    const std::lock_guard lock{mutex_};
    const std::int64_t base = known_.empty() ? 0 : now.time_since_epoch().count() * 64;
    return fmt::format("{:016x}:{}", name, base);
}

void RedisEpoch::learn(std::string_view epoch) {
    const std::lock_guard lock{mutex_};
    if (!known_.empty() && known_ != epoch) changes_.fetch_add(1, std::memory_order_relaxed);
    known_ = epoch;
}

// ---- the door -------------------------------------------------------------------------------

class RedisStore::Pending final : public redis::Link::Command, public Waiting {
public:
    Pending(RedisStore& store, StoreClient& client, Ticket ticket, Question&& question,
            Status checked)
        : Waiting(client, ticket, size_of(question)),
          store_(store),
          question_(std::move(question)),
          checked_(std::move(checked)) {}

    // What may not be asked still takes its turn: answers come in the order of the questions.
    void write(std::vector<std::byte>& out) noexcept override {
        if (!checked_) return redis::append_command({"PING"}, out);
        const RedisQuestion asked{question_};
        script_ = asked.script();
        const std::string& name = store_.scripts_[static_cast<std::size_t>(script_)];
        std::vector<std::string_view> words{"EVALSHA", name, "0", store_.epoch_};
        words.insert(words.end(), asked.arguments().begin(), asked.arguments().end());
        redis::append_command(words, out);
        conversation_ = conversation_of(question_);
        question_ = Question{};  // its bytes are on their way
    }
    void on_reply(Result<Reply> reply) noexcept override {
        Result<Answer> answer = read(std::move(reply));
        const bool nonsense = !answer && answer.error() == redis::fault_error(Fault::unexpected);
        store_.outbox_.settle(*this, std::move(answer), store_.shard_.now());
        if (nonsense) store_.link_.reconnect();
    }

private:
    Result<Answer> read(Result<Reply> reply) {
        if (!checked_) return checked_.error();
        if (!reply) return as_store_error(reply.error());
        return read_answer(script_, std::move(conversation_), std::move(*reply));
    }

    RedisStore& store_;
    Question question_;
    const Status checked_;
    Script script_{};
    std::string conversation_;
};

RedisStore::RedisStore(Shard& shard, RedisShared& shared)
    : shard_(shard),
      shared_(shared),
      link_(shard, *shared.access->dialer, shared.access->link_options(), *this) {
    link_.start();
}

RedisStore::~RedisStore() {
    outbox_.close();
}

void RedisStore::stop() noexcept {
    stopped_ = true;
    outbox_.close();
    link_.stop();
}

void RedisStore::ask(StoreClient& client, Ticket ticket, Question question) noexcept {
    if (stopped_) return;
    Status checked = check(question);
    const std::size_t size = size_of(question);
    auto pending =
        std::make_unique<Pending>(*this, client, ticket, std::move(question), std::move(checked));
    if (outbox_.admit(*pending, shard_.now())) link_.ask(std::move(pending), size);
}

StoreState RedisStore::state() const noexcept {
    if (!link_.is_hopeful()) return StoreState::down;
    return outbox_.state(shard_.now());
}

std::size_t RedisStore::greet(std::vector<std::byte>& out) noexcept {
    redis::append_command({"EVAL", epoch_script, "0", shared_.epoch.proposal(shard_.wall_now())},
                          out);
    for (std::size_t i = 0; i < script_count; ++i)
        redis::append_command({"SCRIPT", "LOAD", script_text(static_cast<Script>(i))}, out);
    return 1 + script_count;
}

bool RedisStore::on_greeted(std::size_t number, const Reply& reply) noexcept {
    if (!reply.is(Reply::Kind::text)) return false;
    if (number > 0) {
        scripts_[number - 1] = reply.text;
        return true;
    }
    epoch_ = reply.text;
    shared_.epoch.learn(epoch_);
    return true;
}

// ---- the backend ----------------------------------------------------------------------------

namespace {

class InRedis final : public Backend {
public:
    explicit InRedis(std::unique_ptr<redis::Access> access) { shared_.access = std::move(access); }
    std::unique_ptr<Store> door(Shard& shard) override {
        return std::make_unique<RedisStore>(shard, shared_);
    }
    redis::Access* redis() noexcept override { return shared_.access.get(); }

private:
    RedisShared shared_;
};

}  // namespace

std::unique_ptr<Backend> open_redis(std::string_view address, std::string& error) {
    auto access = redis::Access::open(address, error);
    if (!access) return nullptr;
    return std::make_unique<InRedis>(std::move(access));
}

}  // namespace parley::store
