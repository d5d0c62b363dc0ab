// The only place that compiles Asio's and Beast's sources (BOOST_ASIO_SEPARATE_COMPILATION): saves minutes elsewhere.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
