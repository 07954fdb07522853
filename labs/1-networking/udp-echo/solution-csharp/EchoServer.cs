using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace UdpEcho;

/// <summary>Sends every datagram back to its source, within the limits of its settings.</summary>
sealed class EchoServer
{
    readonly Socket _socket;
    readonly SourceLimiter _limiter;
    readonly DropLog _drops;
    readonly long _startedAt = Stopwatch.GetTimestamp();
    long _received, _echoed, _dropped, _failed, _errors;

    EchoServer(Socket socket, ServerSettings settings)
    {
        _socket = socket;
        _limiter = new SourceLimiter(settings);
        _drops = new DropLog(settings.LogInterval);
    }

    /// <summary>Binds, calls <paramref name="onReady"/> with the port, and echoes until cancelled.</summary>
    /// <exception cref="BindException">when the address cannot be had.</exception>
    public static async Task RunAsync(ServerSettings settings, Action<int> onReady, CancellationToken stopping)
    {
        using var socket = DatagramSocket.Create();
        try
        {
            socket.Bind(settings.Address);
        }
        catch (SocketException error)
        {
            throw new BindException(settings.Address, error);
        }
        var server = new EchoServer(socket, settings);
        var telling = server._drops.RunAsync(stopping);
        onReady(((IPEndPoint)socket.LocalEndPoint!).Port);
        await server.EchoAsync(stopping);
        await telling;
        server._drops.Tell();
        Log.Write("info", "stopped", json =>
        {
            json.WriteNumber("received", server._received);
            json.WriteNumber("echoed", server._echoed);
            json.WriteNumber("dropped", server._dropped);
            json.WriteNumber("failed", server._failed);
            json.WriteNumber("errors", server._errors);
        });
    }

    // #region echo
    async Task EchoAsync(CancellationToken stopping)
    {
        // One datagram at a time, in one buffer that the largest fits: nothing can queue up in this process.
        var buffer = GC.AllocateArray<byte>(ushort.MaxValue, pinned: true);
        var source = new SocketAddress(AddressFamily.InterNetwork);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, source, stopping);
                _received += 1;
                if (!_limiter.Admit(source, Stopwatch.GetElapsedTime(_startedAt)))
                {
                    // No answer: an error message would go to whoever the sender claims to be, and keep a loop going.
                    _dropped += 1;
                    _drops.Add();
                }
                else if (PortOf(source) == 0) // RFC 768: it asks for no reply
                {
                    _failed += 1;
                }
                else
                {
                    await _socket.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, source, stopping);
                    _echoed += 1;
                }
            }
            catch (SocketException error)
            {
                // News about one datagram, such as an ICMP "port unreachable" (RFC 1122 §4.1.3.3). Only the first is
                // logged: a line for each would be a line for each datagram of a stranger.
                _errors += 1;
                var code = error.SocketErrorCode.ToString();
                if (_errors == 1) Log.Write("warn", "socket-error", json => json.WriteString("message", code));
            }
            catch (OperationCanceledException)
            {
                // The loop ends.
            }
        }
    }
    // #endregion echo

    /// <summary>The bytes after the address family, in network order.</summary>
    static int PortOf(SocketAddress source) => source.Buffer.Span[2] << 8 | source.Buffer.Span[3];
}
