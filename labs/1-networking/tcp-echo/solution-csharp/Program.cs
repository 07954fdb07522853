// TCP echo server (RFC 862). Start it with `PORT=0 dotnet run`; brief.md has the whole contract.
using System.Net.Sockets;
using System.Runtime.InteropServices;
using TcpEcho;

Settings settings;
try
{
    settings = Settings.Read(Environment.GetEnvironmentVariable);
}
catch (BadSettingException error)
{
    Log.Write("error", "bad-setting", ("message", error.Message));
    return 2;
}

using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext context)
{
    context.Cancel = true; // we end ourselves, when the open connections have ended
    stop.Cancel();
}
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);

try
{
    using var server = await EchoServer.ListenAsync(settings);
    Console.WriteLine($"READY {server.Port}");
    Log.Write("info", "listening", ("host", settings.Host), ("port", server.Port));
    await server.ServeAsync(stop.Token);
    Log.Write("info", "stopped");
    return 0;
}
catch (SocketException error) // of listening only: the errors of a connection stay with the connection
{
    var where = $"{settings.Host} port {settings.Port}";
    var message = error.SocketErrorCode == SocketError.AddressAlreadyInUse
        ? $"{where} is in use"
        : $"cannot listen on {where}: {error.Message}";
    Log.Write("error", "cannot-listen", ("message", message));
    return 1;
}
