using System.Net;
using System.Net.Sockets;

namespace UdpEcho;

/// <summary>The address cannot be had. The message is for the person who chose it.</summary>
sealed class BindException(IPEndPoint address, SocketException cause)
    : Exception(
        cause.SocketErrorCode == SocketError.AddressAlreadyInUse
            ? $"port {address.Port} is in use: nothing can listen on {address}"
            : $"cannot listen on {address} ({cause.SocketErrorCode})",
        cause);

static class DatagramSocket
{
    /// <summary>RFC 768 on RFC 791: 65,535 bytes less 20 of IP header and 8 of UDP header.</summary>
    public const int MaxPayloadBytes = 65_507;

    /// <summary>The kernel may give less.</summary>
    const int ReceiveBufferBytes = 1024 * 1024;

    /// <summary>Windows only: whether an ICMP "port unreachable" makes the next receive fail.</summary>
    const int SioUdpConnReset = unchecked((int)0x9800000C);

    public static Socket Create()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = ReceiveBufferBytes,
            SendBufferSize = 2 * MaxPayloadBytes, // macOS allows 9,216 bytes a datagram unless asked for more
        };
        // #region connection-reset
        // Windows reports a reply that met a closed port as an error of the socket's next receive. One client that
        // has gone away would stop the reading of all others.
        if (OperatingSystem.IsWindows()) socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
        // #endregion connection-reset
        return socket;
    }
}
