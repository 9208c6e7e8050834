// OpenSSL's objects as values that free themselves. For the files of TLS in this folder alone: what
// they offer to others shows no OpenSSL.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>

namespace parley::net::tls {

template <auto free_it>
struct Freeing {
    template <class T>
    void operator()(T* object) const noexcept {
        free_it(object);
    }
};
inline void free_chain(STACK_OF(X509) * chain) noexcept {
    sk_X509_pop_free(chain, X509_free);
}
inline void free_names(GENERAL_NAMES* names) noexcept {
    GENERAL_NAMES_free(names);
}

using BioHandle = std::unique_ptr<BIO, Freeing<BIO_free>>;
using CertificateHandle = std::unique_ptr<X509, Freeing<X509_free>>;
using ChainHandle = std::unique_ptr<STACK_OF(X509), Freeing<free_chain>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, Freeing<free_names>>;

/// What OpenSSL says about its last mistake on this thread, in words; forgets it.
inline std::string last_reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* text = ERR_reason_error_string(code);
    return text == nullptr ? "no reason given" : text;
}

}  // namespace parley::net::tls
