#include "sip.h"

struct base_span
sip_phrase(uint16_t status)
{
	switch (status) {
	case 100: return BASE_SPAN("Trying");
	case 180: return BASE_SPAN("Ringing");
	case 181: return BASE_SPAN("Call Is Being Forwarded");
	case 182: return BASE_SPAN("Queued");
	case 183: return BASE_SPAN("Session Progress");
	case 200: return BASE_SPAN("OK");
	case 202: return BASE_SPAN("Accepted");
	case 300: return BASE_SPAN("Multiple Choices");
	case 301: return BASE_SPAN("Moved Permanently");
	case 302: return BASE_SPAN("Moved Temporarily");
	case 400: return BASE_SPAN("Bad Request");
	case 401: return BASE_SPAN("Unauthorized");
	case 403: return BASE_SPAN("Forbidden");
	case 404: return BASE_SPAN("Not Found");
	case 405: return BASE_SPAN("Method Not Allowed");
	case 406: return BASE_SPAN("Not Acceptable");
	case 407: return BASE_SPAN("Proxy Authentication Required");
	case 408: return BASE_SPAN("Request Timeout");
	case 410: return BASE_SPAN("Gone");
	case 422: return BASE_SPAN("Session Interval Too Small");
	case 423: return BASE_SPAN("Interval Too Brief");
	case 480: return BASE_SPAN("Temporarily Unavailable");
	case 481: return BASE_SPAN("Call/Transaction Does Not Exist");
	case 484: return BASE_SPAN("Address Incomplete");
	case 486: return BASE_SPAN("Busy Here");
	case 487: return BASE_SPAN("Request Terminated");
	case 488: return BASE_SPAN("Not Acceptable Here");
	case 491: return BASE_SPAN("Request Pending");
	case 500: return BASE_SPAN("Server Internal Error");
	case 501: return BASE_SPAN("Not Implemented");
	case 502: return BASE_SPAN("Bad Gateway");
	case 503: return BASE_SPAN("Service Unavailable");
	case 504: return BASE_SPAN("Server Time-out");
	case 600: return BASE_SPAN("Busy Everywhere");
	case 603: return BASE_SPAN("Decline");
	case 604: return BASE_SPAN("Does Not Exist Anywhere");
	default: return BASE_SPAN("");
	}
}
